# ls: the forms of its output, compared with what ipcs, lsipc and the kernel say of the same segments.
load common
load forms

COLUMNS_OF_LS=(key shmid owner uid group gid creator cuid creator_group cgid perms bytes rss swap nattch
    status state cpid lpid atime dtime ctime command unit program program_by protected namespace container host)

# varied_segments: odd keys, sizes, modes and owners; some locked, some dest, some attached, some used before
varied_segments() {
    local dest both
    make_seg --key 0x14350c --size 33554432 --mode 666 >/dev/null
    make_seg --key -6 --size 1 --mode 0 >/dev/null
    make_seg --size 393216 --mode 200 --count 2 --fill >/dev/null
    dest=$(make_seg --key 0x99 --size 10000 --mode 640)
    both=$(make_seg --key 0x98 --size 10001 --mode 604)
    if has_users; then
        make_seg --key -5 --size 1 --mode 0 --uid 54321 --gid 54322 >/dev/null
        make_seg --key 077 --size 4097 --mode 7 --uid 1 --gid 1 --fill >/dev/null
        make_seg --key 2147483647 --size 131104 --mode 777 --uid 65534 --touch >/dev/null
        make_seg --key 0x80000000 --size 4096 --mode 40 --uid 4294967294 --gid 4294967294 >/dev/null
    fi
    "$HELPERS/lock" "$both" "$(make_seg --size 5000 --fill)"
    start_helper holdseg --times 2 --fork 1 --rmid "$dest" "$both"
    start_helper holdseg --ro "$(make_seg --mode 666)"
}

@test "ipcs -m, field by field" {
    need_ns
    varied_segments
    # ipcs writes "dest locked" as two words.
    ipcs -m | awk 'NR > 3 && NF { print $1, $2, $3, $4, $5, $6, $7 ($8 == "" ? "" : "," $8) }' \
        >"$BATS_TEST_TMPDIR/expected"
    shmtool ls --no-header
    assert_status 0
    assert_equal "$(awk '{ print $1, $2, $3, $4, $5, $6, $7 }' "$out_file")" "$(cat "$BATS_TEST_TMPDIR/expected")"
    assert_out_lines "$(all_ids | wc -l)"
}

@test "the header is that of ipcs -m" {
    need_ns
    local words
    words=$(ipcs -m | awk 'NR == 3 { print $1, $2, $3, $4, $5, $6, $7 }')
    make_seg >/dev/null
    shmtool ls
    assert_equal "$(awk 'NR == 1 { $1 = $1; print }' "$out_file")" "$words"
}

@test "scripts that take \$2, \$3 and \$5 of ipcs -m get the same" {
    need_ns
    varied_segments
    shmtool ls
    # shellcheck disable=SC2016 # awk's fields
    assert_equal "$(awk 'NR > 1 { print $2, $3, $5 }' "$out_file")" \
        "$(ipcs -m | awk '/^0x/ { print $2, $3, $5 }')"
}

@test "lsipc -m, field by field" {
    need_ns
    varied_segments
    local columns=KEY,ID,OWNER,PERMS,CUID,CUSER,CGID,CGROUP,UID,USER,GID,GROUP,CTIME,SIZE,NATTCH,STATUS,ATTACH,DETACH,CPID,LPID
    lsipc -m --bytes --numeric-perms --time-format iso --raw --noheadings -o "$columns" \
        >"$BATS_TEST_TMPDIR/lsipc" || skip "this lsipc has not all of the options"
    # An empty field stands between two blanks. Of perms lsipc has zeros in front, of nameless users
    # nothing, of a pid that is none a 0.
    # A CSV field never has a comma in it here but the status "dest,locked".
    shmtool ls --csv --no-header \
        -c key,shmid,owner,perms,cuid,creator,cgid,creator_group,uid,gid,group,ctime,bytes,nattch,atime,dtime,cpid,lpid
    assert_status 0
    assert_equal "$(awk -F, -v OFS='|' '{ $4 += 0; $18 += 0; $1 = $1; print }' "$out_file")" \
        "$(awk -F'[ ]' -v OFS='|' '{
            gsub(/^0+/, "", $4)
            print $1, $2, $10, $4 + 0, $5, $6, $7, $8, $9, $11, $12, $13, $14, $15, $17, $18, $19, $20
        }' "$BATS_TEST_TMPDIR/lsipc")"
    shmtool ls --no-header -c status
    # Rows of nothing at the end too.
    awk -F'[ ]' '{ print $16 }' "$BATS_TEST_TMPDIR/lsipc" >"$BATS_TEST_TMPDIR/status"
    read_whole expected "$BATS_TEST_TMPDIR/status"
    assert_equal "$out" "$expected"
}

@test "the kernel's list, field by field" {
    need_ns
    varied_segments
    shmtool ls --csv --no-header --time epoch \
        -c key,shmid,perms,bytes,cpid,lpid,nattch,uid,gid,cuid,cgid,atime,dtime,ctime,rss,swap
    assert_status 0
    # What is 0 and means nothing is empty in CSV.
    assert_equal "$(cat "$out_file")" "$(awk -v OFS=, 'NR > 1 {
        $1 = sprintf("0x%08x", $1 < 0 ? $1 + 4294967296 : $1)
        $3 = substr("0000" $3, length($3) + 2)
        sub(/^0+/, "", $3)
        $3 = $3 == "" ? 0 : $3
        for (i = 6; i <= 14; i++)
            if ($i == 0 && (i == 6 || i > 11)) $i = ""
        print
    }' /proc/sysvipc/shm)"
}

@test "--long adds state cpid lpid rss swap ctime unit command" {
    need_ns
    local id
    id=$(make_seg --fill --size 8192)
    shmtool ls -l
    assert_status 0
    assert_equal "$(awk '{ $1 = $1; print; exit }' "$out_file")" \
        'key shmid owner perms bytes nattch status state cpid lpid rss swap ctime unit command'
    assert_equal "$(awk 'NR == 2 { print $7, $8, $9, $10, $11, $12, NF }' "$out_file")" \
        "- orphan $(field_of "$id" 5) $(field_of "$id" 6) 8192 0 14"
    shmtool ls --long --no-header
    assert_equal "$(awk '{ print $13 }' "$out_file")" "$(date -u -d "@$(field_of "$id" 14)" +%FT%T+00:00)"
}

@test "--columns: exactly these, in this order, each once" {
    need_ns
    local id
    id=$(make_seg --size 5)
    shmtool ls -c bytes,shmid,bytes,key
    assert_status 0
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" "bytes shmid key
5 $id 0x00000000"
    shmtool ls --columns=shmid
    assert_out "shmid
$id"
}

@test "--columns +LIST adds; a later list without + starts anew" {
    need_ns
    make_seg >/dev/null
    shmtool ls -c +cpid,key -c +gid
    assert_equal "$(awk '{ $1 = $1; print; exit }' "$out_file")" 'key shmid owner perms bytes nattch status cpid gid'
    shmtool ls -l -c +gid
    assert_equal "$(awk '{ print $NF; exit }' "$out_file")" gid
    shmtool ls -c key -c +gid
    assert_equal "$(awk '{ $1 = $1; print; exit }' "$out_file")" 'key gid'
    shmtool ls -c +gid -c shmid,uid
    assert_equal "$(awk '{ $1 = $1; print; exit }' "$out_file")" 'shmid uid'
}

@test "every column there is can be named, and each is its own header" {
    need_ns
    make_seg >/dev/null
    local column
    for column in "${COLUMNS_OF_LS[@]}"; do
        shmtool ls -c "$column"
        assert_status 0
        assert_equal "$(awk '{ print $1; exit }' "$out_file")" "$column"
    done
    local IFS=,
    shmtool ls --csv -c "${COLUMNS_OF_LS[*]}"
    assert_equal "${out%%$'\n'*}" "${COLUMNS_OF_LS[*]}"
}

@test "a column that there is not is wrong usage, and those there are are named" {
    local list
    for list in bulk '' 'key,' ',key' 'key,,shmid' Key ' key' '+' '+foo' 'key,foo' '-key'; do
        shmtool ls -c "$list"
        assert_wrong_usage 'shmtool: ls: --columns: ' 'no such column' 'creator_group'
    done
    for list in bulk '' '-' '--key' 'key,' '+key' 'key,-foo'; do
        shmtool ls --sort "$list"
        assert_wrong_usage 'shmtool: ls: --sort: ' 'no such column'
    done
}

# sort_keys COLUMN: of each segment, in kernel order, what it is to be sorted by, a comma, and its id
sort_keys() {
    local number=shmid
    case $1 in
    owner) number=uid ;;
    group) number=gid ;;
    creator) number=cuid ;;
    creator_group) number=cgid ;;
    esac
    shmtool ls --csv --no-header --time epoch -c "$1,$number" -c "+shmid"
    # Who has no name stands before the names, by number. A status is sorted by its bits.
    sed 's/^"dest,locked"/3/; s/^locked/2/; s/^dest/1/' "$out_file" |
        awk -F, -v names="$([[ $number == shmid ]] || echo 1)" \
            '{ print (names && $1 == "" ? sprintf("!%010d", $2) : $1) "," $NF }'
}

# sorted_by COLUMN [SORT-OPTION]...: --sort COLUMN, both ways, against sort(1) on the unsorted list
sorted_by() {
    local column=$1 expected keys
    shift
    keys=$(sort_keys "$column")
    expected=$(LC_ALL=C sort -s -t , -k 1,1 "$@" <<<"$keys" | sed 's/.*,//')
    shmtool ls -q --sort "$column"
    assert_status 0
    assert_out "$expected" || return 1
    expected=$(LC_ALL=C sort -s -r -t , -k 1,1 "$@" <<<"$keys" | sed 's/.*,//')
    shmtool ls -q --sort "-$column"
    assert_status 0
    assert_out "$expected"
}

@test "--sort by every column, against sort(1)" {
    need_ns
    varied_segments
    start_helper mkseg --stay --size 7
    local column
    for column in key owner group creator creator_group state command; do
        sorted_by "$column"
    done
    for column in shmid uid gid cuid cgid perms bytes rss swap nattch status cpid lpid atime dtime ctime; do
        sorted_by "$column" -n
    done
}

@test "--sort: numbers as numbers, several columns, the rest in kernel order" {
    need_ns
    local a b c d
    make_seg --count 4 >/dev/null
    { read -r a && read -r b && read -r c && read -r d; } < <(all_ids)
    start_helper holdseg --times 9 "$a" "$d"
    start_helper holdseg --times 10 "$b"
    start_helper holdseg --times 100 "$c"
    "$HELPERS/lock" "$c" "$d"
    shmtool ls -q --sort nattch
    assert_out "$a"$'\n'"$d"$'\n'"$b"$'\n'"$c"
    shmtool ls -q --sort -nattch
    assert_out "$c"$'\n'"$b"$'\n'"$a"$'\n'"$d"
    shmtool ls -q --sort -status,nattch
    assert_out "$d"$'\n'"$c"$'\n'"$a"$'\n'"$b"
    shmtool ls -q --sort status --sort=-nattch
    assert_out "$b"$'\n'"$a"$'\n'"$c"$'\n'"$d"
    shmtool ls --sort -status,nattch --no-header
    assert_equal "$(awk '{ print $2 }' "$out_file")" "$d"$'\n'"$c"$'\n'"$a"$'\n'"$b"
}

@test "--human: sizes as 1.5M in tables, exact ones for programs" {
    need_ns
    local size
    for size in 1 1023 1024 1536 1048524 1048525 1572864 33554432; do
        make_seg --size $size >/dev/null
    done
    shmtool ls -H --no-header --sort bytes
    assert_status 0
    assert_equal "$(awk '{ print $5 }' "$out_file" | tr '\n' ' ')" '1B 1023B 1K 1.5K 1023.9K 1M 1.5M 32M '
    shmtool ls --human --csv --no-header -c bytes --sort bytes
    assert_equal "$(tr '\n' ' ' <"$out_file")" '1 1023 1024 1536 1048524 1048525 1572864 33554432 '
    shmtool ls -H --ndjson -c bytes
    assert_out_has '{"bytes": 1536}'
    shmtool ls -H --no-header -c rss,swap
    assert_equal "$(head -n 1 "$out_file")" '0B 0B'
}

@test "--numeric: uids and gids, not names" {
    need_ns
    make_seg --uid 0 --gid 0 >/dev/null
    shmtool ls -n --no-header -c owner,group,creator,creator_group
    assert_status 0
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" '0 0 0 0'
    remove_all_segments
    need_root
    make_seg --uid 1 --gid 54321 >/dev/null
    shmtool ls -n --no-header -c owner,group,creator,creator_group
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" '1 54321 0 0'
    shmtool ls --numeric --no-header
    assert_equal "$(awk '{ print $3 }' "$out_file")" 1
}

@test "an owner without a user name is a number in the table, null in JSON" {
    need_ns
    need_root
    make_seg --uid 54321 --gid 54322 >/dev/null
    shmtool ls --no-header -c owner,group
    assert_out '54321 54322'
    shmtool ls --ndjson -c owner,uid,group,gid
    assert_out '{"owner": null, "uid": 54321, "group": null, "gid": 54322}'
    shmtool ls --csv --no-header -c owner,uid,group,gid
    assert_out ',54321,,54322'
}

@test "--time iso, epoch and age, in any time zone" {
    need_ns
    local id epoch zone
    id=$(make_seg)
    epoch=$(field_of "$id" 14)
    shmtool ls --no-header -c ctime --time epoch
    assert_out "$epoch"
    for zone in UTC AAA-5:30 BBB+3:30 CCC-14 DDD+12 EEE0; do
        run_split env TZ="$zone" "$SHMTOOL" ls --no-header -c ctime
        assert_out "$(TZ=$zone date -d "@$epoch" +%FT%T%:z)"
        run_split env TZ="$zone" "$SHMTOOL" ls --no-header -c ctime --time iso
        assert_out "$(TZ=$zone date -d "@$epoch" +%FT%T%:z)"
    done
    shmtool ls --no-header -c ctime --time age
    assert_out_matches $'^[0-9]+s\n$'
    shmtool ls --no-header -c atime,ctime --time age
    assert_out_matches '^- +[0-9]'
    shmtool ls --time ISO
    assert_wrong_usage "--time: 'ISO': not a form of time (iso, epoch, age or short)"
    shmtool ls --time ''
    assert_wrong_usage "--time: ''"
}

@test "--no-header leaves the header out, of tables and CSV" {
    need_ns
    local id
    id=$(make_seg --size 5)
    shmtool ls --no-header
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" "0x00000000 $id root 600 5 0"
    shmtool ls --no-header --csv -c shmid,bytes
    assert_out "$id,5"
    ipcrm -m "$id"
    shmtool ls --no-header
    assert_status 0
    assert_out ''
    shmtool ls --no-header --csv
    assert_out ''
}

@test "--quiet: ids alone, one a line, whatever the columns" {
    need_ns
    make_seg --count 3 >/dev/null
    shmtool ls -q
    assert_out "$(all_ids)"
    shmtool ls --quiet -c key,bytes --no-header
    assert_out "$(all_ids)"
    shmtool ls -q -l -H -n
    assert_out "$(all_ids)"
    remove_all_segments
    shmtool ls -q
    assert_status 0
    assert_out ''
}

@test "two forms at once are wrong usage" {
    local forms
    for forms in '--json --csv' '--csv --json' '--json --ndjson' '-q --json' '--csv -q' '--ndjson --quiet'; do
        # shellcheck disable=SC2086 # words
        shmtool ls $forms
        assert_wrong_usage 'cannot be combined with --'
    done
    need_ns
    shmtool ls --json --json
    assert_status 0
}

@test "empty lists are valid in every form" {
    need_ns
    shmtool ls --json
    assert_status 0
    python 'assert doc() == {"segments": []}'
    shmtool ls --ndjson
    assert_out ''
    shmtool ls --csv -c key,shmid
    assert_out 'key,shmid'
    need_python
    shmtool ls --json
    python 'assert doc() == {"segments": []}'
    shmtool ls --csv
    python 'assert rows() == []'
}

@test "--json: every field and its type, against the kernel's list" {
    need_ns
    need_python
    varied_segments
    start_helper mkseg --stay --size 7
    shmtool ls --json
    assert_status 0
    assert_err ''
    # shellcheck disable=SC2016 # Python
    python '
import datetime, grp, pwd
document = doc()
assert list(document) == ["segments"], list(document)
kernel = listing()
assert len(document["segments"]) == len(kernel)

def name(lookup, number):
    try:
        return lookup(number)[0]
    except (KeyError, OverflowError):
        return None

def iso(seconds):
    if seconds == 0:
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()

commands = 0
for segment, line in zip(document["segments"], kernel):
    assert ",".join(segment) == sys.argv[2], list(segment)
    command = segment.pop("command")
    state = segment.pop("state")
    # That of the tests; where the creator is dead and nobody has it attached there is none.
    unit = segment.pop("unit")
    assert segment.pop("namespace") == os.stat("/proc/self/ns/ipc").st_ino
    assert segment.pop("container") is None or unit
    assert segment.pop("program") is None and segment.pop("program_by") is None
    assert command or segment["nattch"] or unit is None, unit
    assert segment.pop("protected") is False
    assert segment == {
        "key": "0x%08x" % (line["key"] & 0xffffffff), "shmid": line["shmid"],
        "owner": name(pwd.getpwuid, line["uid"]), "uid": line["uid"],
        "group": name(grp.getgrgid, line["gid"]), "gid": line["gid"],
        "creator": name(pwd.getpwuid, line["cuid"]), "cuid": line["cuid"],
        "creator_group": name(grp.getgrgid, line["cgid"]), "cgid": line["cgid"],
        "perms": "%04o" % (line["perms"] & 0o777), "bytes": line["size"],
        "rss": line["rss"], "swap": line["swap"], "nattch": line["nattch"],
        "status": [word for bit, word in ((0o1000, "dest"), (0o2000, "locked")) if line["perms"] & bit],
        "cpid": line["cpid"] or None, "lpid": line["lpid"] or None,
        "atime": iso(line["atime"]), "dtime": iso(line["dtime"]), "ctime": iso(line["ctime"]),
        "host": os.uname().nodename,
    }, (segment, line)
    for field in ("shmid", "uid", "gid", "cuid", "cgid", "bytes", "rss", "swap", "nattch"):
        assert type(segment[field]) is int, field
    if line["perms"] & 0o1000:
        assert state == "dest"
    elif line["nattch"]:
        assert state == "used"
    elif line["size"] == 7:
        assert state == "idle"
    else:
        assert state == "orphan"
    if line["size"] == 7:
        assert command.endswith("mkseg --stay --size 7"), command
        commands += 1
    else:
        assert command is None
assert commands == 1
' "$(IFS=,; echo "${COLUMNS_OF_LS[*]}")"
}

@test "--ndjson is the same, an object a line" {
    need_ns
    need_python
    varied_segments
    shmtool ls --json
    cp "$out_file" "$BATS_TEST_TMPDIR/json"
    shmtool ls --ndjson
    assert_status 0
    python 'assert lines() == json.load(open(sys.argv[2]))["segments"]' "$BATS_TEST_TMPDIR/json"
}

@test "--json and --ndjson with -c have those fields alone, in that order" {
    need_ns
    need_python
    make_seg --count 2 >/dev/null
    shmtool ls --json -c status,shmid,key
    python 'assert [list(segment) for segment in doc()["segments"]] == [["status", "shmid", "key"]] * 2'
    shmtool ls --ndjson -c shmid
    python 'assert [list(segment) for segment in lines()] == [["shmid"]] * 2'
    shmtool ls --json -c shmid -c +uid
    python 'assert [list(segment) for segment in doc()["segments"]] == [["shmid", "uid"]] * 2'
}

@test "--csv is the same as --json, in RFC 4180's form" {
    need_ns
    need_python
    varied_segments
    start_helper mkseg --stay --size 7
    shmtool ls --json
    cp "$out_file" "$BATS_TEST_TMPDIR/json"
    shmtool ls --csv
    assert_status 0
    # shellcheck disable=SC2016 # Python
    python '
def text(name, value):
    if value is None:
        return ""
    if name == "status":
        return ",".join(value)
    if name == "perms":
        return "%o" % int(value, 8)
    if name == "protected":
        return value["by"] if value else "no"
    return str(value)

expected = [{name: text(name, value) for name, value in segment.items()}
            for segment in json.load(open(sys.argv[2]))["segments"]]
assert rows() == expected
assert any("," in row["status"] for row in expected)
' "$BATS_TEST_TMPDIR/json"
}

@test "a sorted list is sorted in every form" {
    need_ns
    need_python
    varied_segments
    shmtool ls --json --sort -bytes,shmid
    # shellcheck disable=SC2016 # Python
    python '
order = [(-segment["bytes"], segment["shmid"]) for segment in doc()["segments"]]
assert order == sorted(order) and len(order) > 5'
    shmtool ls --csv --sort key
    python 'assert [row["key"] for row in rows()] == sorted(row["key"] for row in rows())'
}

# hostile_creator: a segment whose living creator's command line has control bytes, quotes, commas, bytes
# that are no UTF-8, an escape sequence and a direction override
hostile_creator() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    start_helper bash -c 'exec -a "$1" "$2" --stay --size 5' - \
        $'\e[31mred\e]0;t\a "q",\\x41\n\r\t\x80\xff\xc2\x9b\xe2\x80\xae\xf0\x9f\x90\x9a' "$HELPERS/mkseg"
}

@test "a hostile command line: nothing that a terminal obeys passes through a table" {
    need_ns
    hostile_creator
    shmtool ls -l
    assert_status 0
    assert_out_lines 2
    # Nothing below a blank but the newlines, no DEL, no C1 control, no byte that is no UTF-8.
    assert_equal "$(LC_ALL=C tr -d '\n\40-\176' <"$out_file" | od -An -tx1 | tr -d ' \n')" f09f909a
    assert_out_has '\x1b[31mred\x1b]0;t\x07 "q",\x5cx41\x0a\x0d\x09\x80\xff\xc2\x9b\xe2\x80\xae'
}

@test "a hostile command line: a terminal of a locale without UTF-8 sees ASCII alone" {
    need_ns
    hostile_creator
    pty --columns 400 -- env LC_ALL=C NO_COLOR=1 "$SHMTOOL" ls -l
    assert_status 0
    assert_equal "$(LC_ALL=C tr -d '\r\n\40-\176' <"$out_file" | wc -c)" 0
    assert_out_has '\xf0\x9f\x90\x9a'
}

@test "a hostile command line: JSON stays valid UTF-8, whatever the locale" {
    need_ns
    need_python
    hostile_creator
    local locale
    for locale in C.UTF-8 C; do
        run_split env LC_ALL="$locale" "$SHMTOOL" ls --json
        assert_status 0
        # shellcheck disable=SC2016 # Python
        python '
segment, = doc()["segments"]
assert segment["command"] == ("\x1b[31mred\x1b]0;t\a \"q\",\\x41\n\r\t\ufffd\ufffd\u009b\u202e\U0001f41a"
                              " --stay --size 5"), segment["command"]
assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", read())'
        run_split env LC_ALL="$locale" "$SHMTOOL" ls --ndjson
        python 'assert len(lines()) == 1'
    done
}

@test "a hostile command line: CSV has one record of it" {
    need_ns
    need_python
    hostile_creator
    shmtool ls --csv
    # shellcheck disable=SC2016 # Python
    python '
row, = rows()
assert row["command"].startswith("\\x1b[31mred\\x1b]0;t\\x07 \"q\",\\x5cx41\\x0a\\x0d\\x09\\x80\\xff"), row
assert row["bytes"] == "5"'
}

@test "a command line of 100 KB is shown in full" {
    need_ns
    need_python
    local long
    long=$(printf '%0100000d' 7)
    start_helper mkseg --stay --size "$long"
    shmtool ls --ndjson -c command
    # shellcheck disable=SC2016 # Python
    python 'assert lines()[0]["command"].endswith(" --stay --size " + "7".zfill(100000))'
    shmtool ls -l
    assert_out_has "--size $long"
}

# on_terminal COLUMNS [NAME=VALUE]... WORD...: runs it there; $out is without carriage returns
on_terminal() {
    pty --columns "$1" -- env -u NO_COLOR TERM=xterm "${@:2}"
    assert_status 0
    out=${out//$'\r'/}
}

@test "a terminal's width leaves all whole but command lines" {
    need_ns
    varied_segments
    shmtool ls
    local expected=$out
    on_terminal 20 NO_COLOR=1 COLUMNS=7 "$SHMTOOL" ls
    assert_equal "$out" "$expected"
    start_helper mkseg --stay --size 7777777
    on_terminal 40 NO_COLOR=1 "$SHMTOOL" ls --size 7777777 --no-header -c command,bytes
    assert_equal "$(wc -L <<<"$out")" 40
    assert_out_matches $'^/[^ ]+… 7777777\n$'
    on_terminal 40 NO_COLOR=1 LC_ALL=C "$SHMTOOL" ls --size 7777777 --no-header -c bytes,command
    assert_equal "$(wc -L <<<"$out")" 40
    assert_out_matches $'^7777777 /[^ ]+\\+\n$'
    # Where no room is left it has its header's.
    on_terminal 3 NO_COLOR=1 "$SHMTOOL" ls --size 7777777 -c command,bytes
    assert_out_matches $'^command   bytes\n/.....… 7777777\n$'
    # One that fits is whole.
    shmtool ls --size 7777777 -c command,bytes
    expected=$out
    on_terminal 2000 NO_COLOR=1 "$SHMTOOL" ls --size 7777777 -c command,bytes
    assert_equal "$out" "$expected"
    on_terminal 40 NO_COLOR=1 "$SHMTOOL" ls --size 7777777 --ndjson -c command
    assert_out_has '--stay --size 7777777"}'
}

@test "--color: states and header, on a terminal that has it or always" {
    need_ns
    make_seg --key 0x14350c >/dev/null
    start_helper holdseg "$(make_seg --size 1)"
    start_helper holdseg --rmid "$(make_seg --size 2)"
    shmtool ls --size 1..2 -c bytes,state,status --color always
    assert_out $'\e[1mbytes\e[0m \e[1mstate\e[0m \e[1mstatus\e[0m\n    1 \e[32mused \e[0m\n    2 \e[33mdest \e[0m \e[33mdest\e[0m'
    shmtool ls -c key,state,shmid --color always
    local colored=$out expected=$out
    assert_out_has $'\e[31morphan\e[0m'
    shmtool ls -c key,state,shmid
    local code
    for code in 0 1 31 32 33; do
        colored=${colored//$'\e['${code}m/}
    done
    assert_equal "$(tr -s ' ' <<<"$colored")" "$(tr -s ' ' <<<"$out")"
    shmtool ls --key 0x99 --color always
    assert_out_has $'\e[1mkey shmid'
    shmtool ls --json --color always
    assert_out_has_not $'\e'
    shmtool ls --color sometimes
    assert_wrong_usage "--color: 'sometimes': neither auto nor always nor never"

    on_terminal 80 "$SHMTOOL" ls -c key,state,shmid
    assert_equal "$out" "$expected"
    on_terminal 80 NO_COLOR= "$SHMTOOL" ls -c key,state,shmid
    assert_equal "$out" "$expected"
    local plain
    for plain in NO_COLOR=1 TERM=dumb TERM=; do
        on_terminal 80 "$plain" "$SHMTOOL" ls -c key,state,shmid
        assert_out_has_not $'\e'
    done
    on_terminal 80 "$SHMTOOL" ls --color never
    assert_out_has_not $'\e'
    on_terminal 80 "$SHMTOOL" ls -q
    assert_out_has_not $'\e'
}

@test "--color: messages on a terminal" {
    need_ns
    pty -- env TERM=xterm "$SHMTOOL" rm 5
    assert_status 1
    assert_out_has $'\e[33mshmtool: rm:\e[0m 5: no such segment'
    pty -- env TERM=xterm NO_COLOR=1 "$SHMTOOL" rm 5
    assert_out_has 'shmtool: rm: 5: no such segment'
    assert_out_has_not $'\e'
    pty -- env TERM=xterm "$SHMTOOL" ls --color never 5
    assert_out_has_not $'\e'
    shmtool ls --color always 5
    assert_err_has $'\e[33mshmtool: ls:\e[0m 5: no such segment'
}

# timed_tree TIME...: a tree in $BATS_TEST_TMPDIR of a machine that was up for 500 days, saved on 2026-11-21 at
# 22:15:05, with a segment changed at each TIME, in seconds; their ids are 1, 2, ...
timed_tree() {
    local id=0 time
    mkdir -p "$BATS_TEST_TMPDIR/proc/sysvipc"
    printf 'cpu 1\nbtime 1752099305\n' >"$BATS_TEST_TMPDIR/proc/stat"
    echo '43200000.00 1.00' >"$BATS_TEST_TMPDIR/proc/uptime"
    head -n 1 "$SRC/tests/fixtures/listing/proc/sysvipc/shm" >"$BATS_TEST_TMPDIR/proc/sysvipc/shm"
    for time in "$@"; do
        echo "0 $((++id)) 600 1 1 1 0 0 0 0 0 0 0 $time 0 0" >>"$BATS_TEST_TMPDIR/proc/sysvipc/shm"
    done
}

@test "ages are read back as --time age prints them" {
    local now=1795299305 moments=() age id
    for age in 0 59 60 3599 3600 5400 86399 86400 273600 604800 34560000; do
        moments+=($((now - age)))
    done
    timed_tree "${moments[@]}"
    shmtool --sysroot "$BATS_TEST_TMPDIR" ls --no-header -c shmid,ctime --time age
    assert_equal "$(awk '{ print $2 }' "$out_file" | paste -sd ' ')" '0s 59s 1m0s 59m59s 1h0m 1h30m 23h59m 1d0h 3d4h 7d0h 400d0h'
    while read -r id age; do
        # Itself and what is older.
        shmtool --sysroot "$BATS_TEST_TMPDIR" ls -q --older-than "$age"
        assert_equal "${out%$'\n'}" "$(seq "$id" 11)" || fail "$age"
    done <<<"$out"
}

@test "--time short is by distance, and what a terminal's tables have" {
    timed_tree 1795299005 1795212900 1780000000 1778000000 1763000000 1795300000 1895300000
    local times=$'22:10\nNov20\nMay28\n2026-05-05\n2025-11-13\n22:26\n2030-01-22'
    shmtool --sysroot "$BATS_TEST_TMPDIR" ls --no-header -c ctime --time short
    assert_out "$times"
    pty -- env TZ=UTC "$SHMTOOL" --sysroot "$BATS_TEST_TMPDIR" ls --no-header -c ctime
    assert_equal "${out//$'\r'/}" "$times"$'\n'
    pty -- "$SHMTOOL" --sysroot "$BATS_TEST_TMPDIR" ls --no-header -c ctime 1 --time iso
    assert_equal "${out//$'\r'/}" $'2026-11-21T22:10:05+00:00\n'
    pty -- "$SHMTOOL" --sysroot "$BATS_TEST_TMPDIR" ls --ndjson -c ctime 1
    assert_equal "${out//$'\r'/}" $'{"ctime": "2026-11-21T22:10:05+00:00"}\n'
}

@test "host: in every row for programs, in a table where it is asked for" {
    need_ns
    local form
    make_seg --key 0x99 >/dev/null
    for form in --json --ndjson; do
        shmtool ls "$form"
        assert_equal "$(grep -c ", \"host\": \"$(uname -n)\"}" <<<"$out")" 1
    done
    shmtool ls --csv
    assert_equal "$(sed 's/.*,//' "$out_file")" "host"$'\n'"$(uname -n)"
    shmtool ls
    assert_out_has_not host
    shmtool ls -c shmid,host --sort host
    assert_equal "$(awk '{ print $2 }' "$out_file")" "host"$'\n'"$(uname -n)"
}

@test "every JSON document has host and time" {
    need_ns
    local words document started=$EPOCHSECONDS
    for words in 'ls' 'stat' 'who' 'limits' 'limits --set shmmni=5 --dry-run' 'doctor' 'doctor --size 1' 'key /' \
        'du' 'du --system' 'ns' 'set perms=600 --all --dry-run' 'rm --all --dry-run' 'rm --all --yes' 'rm --owner 7'; do
        # shellcheck disable=SC2086 # words
        shmtool $words --json
        assert_equal "$(jq -r '[.schema, .host] | @tsv' <<<"$out")" $'1\t'"$(uname -n)"
        # Not before the test began, nor after it.
        document=$(date -d "$(jq -r .time <<<"$out")" +%s)
        ((document >= started && document <= EPOCHSECONDS)) || fail "time: $document"
    done
    shmtool --sysroot "$SRC/tests/fixtures/states" ls --json
    assert_equal "$(jq .host <<<"$out")" null
    cp -r "$SRC/tests/fixtures/states" "$BATS_TEST_TMPDIR/tree"
    mkdir -p "$BATS_TEST_TMPDIR/tree/proc/sys/kernel"
    printf 'node\e7\n' >"$BATS_TEST_TMPDIR/tree/proc/sys/kernel/hostname"
    shmtool --sysroot "$BATS_TEST_TMPDIR/tree" doctor --json
    assert_equal "$(jq -c .host <<<"$out")" '"node\u001b7"'
}

@test "no line ends in a blank" {
    need_ns
    varied_segments
    local words
    for words in '' -l '-c status' '-c key,command' '-H -n'; do
        # shellcheck disable=SC2086 # words
        shmtool ls $words
        assert_status 0
        ! grep -q ' $' "$out_file" || fail "a line of 'ls $words' ends in a blank"
    done
}

@test "thousands of segments in every form" {
    need_ns
    make_seg --size 1 --count 3000 >/dev/null || skip "not that many segments can be made here"
    local ids
    ids=$(all_ids)
    shmtool ls -q
    assert_out "$ids"
    shmtool ls --no-header
    assert_equal "$(awk '{ print $2 }' "$out_file")" "$ids"
    shmtool ls --csv --no-header -c shmid
    assert_equal "$(cat "$out_file")" "$ids"
    shmtool ls --json -c shmid
    assert_equal "$(grep -o '[0-9]*}' <<<"$out" | tr -d '}')" "$ids"
    shmtool ls -q --sort -shmid
    assert_equal "${out%$'\n'}" "$(sort -rn <<<"$ids")"
}

# named_tree NAME: a saved tree whose owners have that name
named_tree() {
    tree=$BATS_TEST_TMPDIR/named
    mkdir -p "$tree/proc/sysvipc" "$tree/etc"
    cp "$SRC/tests/fixtures/listing/proc/sysvipc/shm" "$tree/proc/sysvipc/shm"
    printf '%s:x:0:0::/:\n' "$1" >"$tree/etc/passwd"
}

@test "names beyond ASCII: unchanged in a pipe in every locale, escaped on a terminal that cannot show them" {
    local locale words
    named_tree 'jänë'
    for locale in C POSIX C.UTF-8; do
        for words in '-c owner' '-c owner --csv' '-c owner --json'; do
            # shellcheck disable=SC2086 # words
            run_split env LC_ALL=$locale "$SHMTOOL" --sysroot "$tree" ls $words
            assert_status 0
            assert_out_has 'jänë' || return 1
        done
        run_split env LC_ALL=$locale "$SHMTOOL" --sysroot "$tree" stat -o 0
        assert_out_has 'jänë' || return 1
    done
    pty -- env LC_ALL=C "$SHMTOOL" --sysroot "$tree" ls -c owner
    assert_out_has 'j\xc3\xa4n\xc3\xab'
    assert_out_has_not 'ä'
    pty -- env LC_ALL=C.UTF-8 "$SHMTOOL" --sysroot "$tree" ls -c owner
    assert_out_has 'jänë'
}

@test "a message on a terminal that cannot show its characters is escaped, also where results go to a pipe" {
    run_split env LC_ALL=C "$SHMTOOL" ls -o 'jänë'
    assert_wrong_usage "'jänë'"
    pty --stdout "$BATS_TEST_TMPDIR/results" -- env LC_ALL=C "$SHMTOOL" ls -o 'jänë'
    assert_status 2
    assert_out_has "'j\xc3\xa4n\xc3\xab'"
}

@test "control bytes in names are escaped in a pipe and on a terminal, in every locale" {
    local locale
    named_tree $'a\e[31m\x7f\xc2\x9bb\xff'
    for locale in C C.UTF-8; do
        run_split env LC_ALL=$locale "$SHMTOOL" --sysroot "$tree" ls -c owner
        assert_out_has 'a\x1b[31m\x7f\xc2\x9bb\xff'
        pty -- env LC_ALL=$locale "$SHMTOOL" --sysroot "$tree" ls -c owner
        assert_out_has 'a\x1b[31m\x7f\xc2\x9bb\xff'
    done
}

@test "size is another name of the column bytes" {
    need_ns
    local a b
    a=$(make_seg --size 2)
    b=$(make_seg --size 1)
    shmtool ls -c size,shmid --sort size
    assert_out "bytes shmid
    1 $b
    2 $a"
    shmtool ls --ndjson -c size --sort -size
    assert_out_has '"bytes": 2'
    assert_out_has_not size
}

@test "what is known of processes does not grow old while the reader of a long listing takes its time" {
    need_ns
    need_program strace
    without_leak_sanitizer
    make_seg --size 1 --count 1000 >/dev/null
    run_split strace -e trace=read,write -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" ls --csv
    assert_status 0
    (($(grep -c '^write(1,' "$BATS_TEST_TMPDIR/trace") > 1)) || fail 'it is no long listing'
    # All was read before anything was written.
    ! sed -n '/^write(1,/,$p' "$BATS_TEST_TMPDIR/trace" | grep '^read(' || fail 'it was read on'
}
