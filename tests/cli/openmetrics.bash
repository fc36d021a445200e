# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # programs for Python stand in single quotes; common.bash sets $out and $out_file
# What metrics prints, read and checked (`load openmetrics`, behind `load common` and `load forms`).

# value NAME[{LABELS}]: of a sample in $out
value() {
    awk -v name="$1" 'substr($0, 1, length(name) + 1) == name " " { print substr($0, length(name) + 2) }' <<<"$out"
}

# assert_grammar: $out is OpenMetrics text, as far as gauges without times need it: families in one piece, HELP
# and TYPE once and before the samples, no sample twice, label values with escapes alone, numbers, and EOF.
assert_grammar() {
    need_python
    python '
text = read().decode("utf-8", "strict")
assert text.endswith("\n# EOF\n"), text[-20:]
name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
label = r"[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\n]|\\[\\\"n])*\""
known, seen, current = {}, set(), None
for line in text.split("\n")[:-2]:
    assert not re.search("[\x00-\x1f\x7f]", line), repr(line)
    meta = re.fullmatch(r"# (HELP|TYPE) (%s) (.+)" % name, line)
    if meta:
        kind, family, rest = meta.groups()
        if family != current:
            assert family not in known, f"{family} in two pieces"
            known[family] = set()
            current = family
        assert kind not in known[family] and "sample" not in known[family], line
        known[family].add(kind)
        assert kind != "TYPE" or rest == "gauge", line
        assert kind != "HELP" or "\\" not in rest
        continue
    sample = re.fullmatch(r"(%s)(\{%s(?:,%s)*\})? ([0-9]+)" % (name, label, label), line)
    assert sample, f"no sample: {line!r}"
    assert sample[1] == current and known[current] >= {"HELP", "TYPE"}, line
    known[current].add("sample")
    assert sample[1] + (sample[2] or "") not in seen, f"twice: {line}"
    seen.add(sample[1] + (sample[2] or ""))
assert len(known) > 5'
}

# assert_promtool: what Prometheus itself says of $out
assert_promtool() {
    command -v promtool >/dev/null || return 0
    promtool check metrics <"$out_file" >&2 || fail "promtool finds something wrong"
}
