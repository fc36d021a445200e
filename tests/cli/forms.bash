# shellcheck shell=bash
# shellcheck disable=SC2154 # common.bash sets what these functions look at
# Output for programs, read by programs: JSON and CSV (`load forms`, behind `load common`).

# need_python: skips the test where there is no Python to read the output with
need_python() {
    command -v python3 >/dev/null || skip "needs python3"
}

# python CODE [ARG]...: runs CODE, which finds $out_file in sys.argv[1] and ARGs behind it; fails the test
# with what an assertion says. json, csv, os, re and sys are imported; doc() is the output as JSON, lines() as
# JSON a line, rows() as CSV records (dictionaries), listing() the kernel's own list.
python() {
    local code=$1
    shift
    python3 -I -X utf8 -c '
import csv, datetime, io, json, os, re, sys

def read():
    with open(sys.argv[1], "rb") as file:
        return file.read()

def unique(pairs):
    names = [name for name, value in pairs]
    assert len(names) == len(set(names)), f"a name twice: {names}"
    return dict(pairs)

def load(text):
    def refuse(word):
        raise ValueError(word)
    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)

# What a document holds, without the head that all of them have in common.
def doc():
    document = load(read().decode("utf-8", "strict"))
    assert list(document)[:3] == ["schema", "host", "time"], list(document)
    assert document.pop("schema") == 1
    assert document.pop("host") in (os.uname().nodename, None)
    moment = datetime.datetime.fromisoformat(document.pop("time"))
    assert moment.utcoffset() is not None, moment
    return document

def lines():
    text = read().decode("utf-8", "strict")
    assert text == "" or text.endswith("\n"), "no newline at the end"
    return [load(line) for line in text.split("\n")[:-1]]

def rows():
    text = read().decode("utf-8", "strict")
    assert text.endswith("\n"), "no newline at the end"
    assert "\r" not in text, "a carriage return"
    records = list(csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="extra"))
    for record in records:
        assert "extra" not in record, f"too many fields: {record}"
        assert None not in record.values(), f"too few fields: {record}"
    return records

def listing():
    with open("/proc/sysvipc/shm") as file:
        header, *found = [line.split() for line in file]
    return [{name: int(word, 8) if name == "perms" else int(word) for name, word in zip(header, words)}
            for words in found]

'"$code" "$out_file" "$@" || fail "the output is not as it should be"
}
