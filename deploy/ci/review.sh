#!/usr/bin/env bash
# Reviews a change to a governance repository in CI: validates, tests, plans, replays a log of decisions if there is one, and keeps one comment on
# the pull request (GitHub) or merge request (GitLab) up to date. Every part runs whatever the others came to; the exit code is the worst of theirs.
# Needs git, jq, curl and the program itself. docs/authoring.md says what each setting means.
#
# Everything comes in by environment variables and is quoted: names of branches, files and documents are chosen by whoever opened the pull request.
set -uo pipefail
export LC_ALL=C.UTF-8

charter=${CHARTER_BIN:-charter}
sha256=${CHARTER_SHA256:-}
path=${CHARTER_PATH:-.}
base=${CHARTER_BASE:-}
head=${CHARTER_HEAD:-}
decisions=${CHARTER_DECISIONS:-}
max_new_denials=${CHARTER_MAX_NEW_DENIALS:-}
min_coverage=${CHARTER_MIN_COVERAGE:-}
fail_on=${CHARTER_FAIL_ON:-error}
fail_on_destructive=${CHARTER_FAIL_ON_DESTRUCTIVE:-false}
comment=${CHARTER_COMMENT:-true}
author=${CHARTER_COMMENT_AUTHOR:-}
reports=${CHARTER_REPORTS:-charter-reports}
# Only curl gets to see the token, and not by its arguments, which every process of the machine can read.
token=${CHARTER_TOKEN:-}
token=${token//[$'\r\n"\\']/}
unset CHARTER_TOKEN

marker='<!-- charter-plan -->'
# A comment may have 65,536 characters, a character outside of the basic plane counting as two.
limit=65000

if [ "${GITHUB_ACTIONS:-}" = true ]; then forge=github; elif [ "${GITLAB_CI:-}" = true ]; then forge=gitlab; else forge=none; fi

say() { printf 'charter: %s\n' "$1" >&2; }
give_up() {
    say "$2"
    exit "$1"
}

for tool in git jq curl; do
    command -v "$tool" >/dev/null || give_up 64 "this script needs $tool"
done
# What begins with a dash would be taken for an option.
case $path in -*) path=./$path ;; esac
case $reports in -*) reports=./$reports ;; esac
[ -d "$path" ] || give_up 64 "there is no folder \`$path\`: CHARTER_PATH names the one that holds the documents"
# The work tree is whatever was committed: a link could lead what is written to anywhere.
[ ! -L "$reports" ] || give_up 64 "\`$reports\` is a link: CHARTER_REPORTS names the folder that reports are written to"
mkdir -p "$reports" || give_up 64 "\`$reports\` cannot be made: CHARTER_REPORTS names the folder that reports are written to"
work=$(mktemp -d) || give_up 70 "there is no folder for temporary files"
trap 'rm -rf "$work"' EXIT

case $charter in
https://*)
    [ -n "$sha256" ] || give_up 64 "a program that is fetched needs CHARTER_SHA256, its checksum"
    curl --proto =https --fail --location --silent --show-error --max-time 300 --output "$work/charter" -- "$charter" ||
        give_up 75 "the program cannot be fetched"
    printf '%s  %s\n' "$sha256" "$work/charter" | sha256sum --check --status || give_up 1 "the program that was fetched is another: its SHA-256 differs"
    chmod +x "$work/charter"
    charter=$work/charter
    ;;
esac
command -v -- "$charter" >/dev/null || give_up 64 "there is no program \`$charter\`: CHARTER_BIN names it"

# The folder of the documents, from the root of the repository.
prefix=$(git -C "$path" rev-parse --show-prefix) || give_up 64 "\`$path\` is in no git repository"
prefix=${prefix%/}
root=$(git -C "$path" rev-parse --show-toplevel) || give_up 64 "\`$path\` is in no work tree"

# The id of a commit; nothing if there is none of that name.
commit() { git -C "$root" rev-parse --quiet --verify --end-of-options "$1^{commit}" 2>/dev/null; }

# Runs a command with its output and errors in $work/NAME.out and $work/NAME.err; its exit code goes into the variable NAME.
run() {
    local name=$1 status=0
    shift
    # A step's summary is written once, below.
    GITHUB_STEP_SUMMARY='' "$@" >"$work/$name.out" 2>"$work/$name.err" || status=$?
    printf -v "$name" '%s' "$status"
}

# Shows text that a document may have a part in. GitHub would follow commands in it.
show() {
    local word
    if [ "$forge" = github ]; then
        word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
        printf '::stop-commands::%s\n' "$word"
        cat -- "$@"
        printf '\n::%s::\n' "$word"
    else
        cat -- "$@"
    fi
}

# What is reviewed: the files as they are checked out, or a commit.
documents=("$path")
compared=()
if [ -n "$head" ]; then
    head_id=$(commit "$head") || give_up 64 "there is no commit \`$head\`: CHARTER_HEAD names the one to review"
    documents=("$root" --ref "$head_id")
    [ -z "$prefix" ] || documents+=(--path "$prefix")
    compared+=(--head "$head_id")
fi
[ -z "$prefix" ] || compared+=(--path "$prefix")

# What it is compared with: where the change left its base.
if [ -z "$base" ]; then
    if [ -n "${GITHUB_BASE_REF:-}" ]; then
        base=origin/$GITHUB_BASE_REF
    elif [ -n "${CI_MERGE_REQUEST_DIFF_BASE_SHA:-}" ]; then
        base=$CI_MERGE_REQUEST_DIFF_BASE_SHA
    fi
fi
base_id=
if [ -n "$base" ] && [ -n "${base//0/}" ]; then
    base_id=$(commit "$base") || base_id=$(commit "origin/$base") || say "there is no commit \`$base\` here, so that nothing is compared; fetch it (fetch-depth: 0, GIT_DEPTH: 0)"
    if [ -n "$base_id" ]; then base_id=$(git -C "$root" merge-base "$base_id" "${head_id:-HEAD}" 2>/dev/null || printf '%s' "$base_id"); fi
fi

validate=0 test=0 plan='' impact=''
if [ "$forge" = github ]; then
    run annotate "$charter" validate "${documents[@]}" --format github --fail-on "$fail_on"
    cat "$work/annotate.out"
fi
run validate "$charter" validate "${documents[@]}" --fail-on "$fail_on"
show "$work/validate.out" "$work/validate.err"
run sarif "$charter" validate "${documents[@]}" --format sarif
cp "$work/sarif.out" "$reports/charter.sarif"

coverage=(--coverage-output "$reports/coverage.info")
[ -z "$min_coverage" ] || coverage+=(--min-coverage "$min_coverage")
run test "$charter" test "${documents[@]}" "${coverage[@]}"
show "$work/test.out" "$work/test.err"
run junit "$charter" test "${documents[@]}" --format junit --coverage-output "$reports/coverage.json"
cp "$work/junit.out" "$reports/junit.xml"

if [ -n "$base_id" ]; then
    destructive=()
    [ "$fail_on_destructive" != true ] || destructive=(--fail-on destructive)
    run plan "$charter" plan "$root" --base "$base_id" "${compared[@]}" --format markdown "${destructive[@]}"
    show "$work/plan.err"
    cp "$work/plan.out" "$reports/plan.md"
    if [ -n "$decisions" ]; then
        limits=()
        [ -z "$max_new_denials" ] || limits=(--max-new-denials "$max_new_denials")
        run impact "$charter" impact "$root" --base "$base_id" "${compared[@]}" --decisions "$decisions" --format markdown "${limits[@]}"
        show "$work/impact.err"
        cp "$work/impact.out" "$reports/impact.md"
    fi
elif [ -n "$decisions" ]; then
    say "without a base nothing is replayed"
fi

# GitLab reads findings in a form of its own, and coverage as Cobertura's XML.
if [ "$forge" = gitlab ]; then
    jq '[.runs[].results[] | .locations[0].physicalLocation as $place | {
            description: .message.text, check_name: .ruleId, fingerprint: (.partialFingerprints["charterFinding/v1"] // .ruleId),
            severity: ({error: "major", warning: "minor"}[.level] // "info"),
            location: {path: $place.artifactLocation.uri, lines: {begin: ($place.region.startLine // 1)}}}]' \
        "$reports/charter.sarif" >"$reports/code-quality.json" || printf '[]\n' >"$reports/code-quality.json"
    if [ -s "$reports/coverage.json" ]; then
        jq -r --arg prefix "${prefix:+$prefix/}" '
            def xml: tostring | @html;
            def line: "<line number=\"\(.line)\" hits=\"\(.hits)\"/>";
            "<?xml version=\"1.0\"?>",
            "<coverage line-rate=\"\(.percent / 100)\" branch-rate=\"0\" version=\"1\" timestamp=\"0\"><packages><package name=\"charter\"><classes>",
            (.files[] | "<class name=\"\(.path | xml)\" filename=\"\($prefix + .path | xml)\"><lines>",
                ([(.entries[] | {line, hits: (.held + .failed + .error)}), (.predicates[] | {line, hits: (.true + .false + .error)})]
                    | group_by(.line)[] | {line: .[0].line, hits: (map(.hits) | max)} | line),
                "</lines></class>"),
            "</classes></package></packages></coverage>"' "$reports/coverage.json" >"$reports/cobertura.xml"
    fi
fi

# The comment: what every part came to, and then as much of each as there is room for. Nothing of a document is read as Markdown: texts are
# indented, which makes code of them, and plan and impact escape what they quote.
jq -nj --arg marker "$marker" --argjson limit "$limit" --arg validate "$validate" --arg test "$test" --arg plan "$plan" --arg impact "$impact" \
    --rawfile validated <(cat "$work/validate.out" "$work/validate.err") --rawfile tested <(cat "$work/test.out" "$work/test.err") \
    --rawfile planned <(cat "$work/plan.out" 2>/dev/null) --rawfile plan_errors <(cat "$work/plan.err" 2>/dev/null) \
    --rawfile replayed <(cat "$work/impact.out" 2>/dev/null) --rawfile impact_errors <(cat "$work/impact.err" 2>/dev/null) '
    def units: length + ([explode[] | select(. > 65535)] | length);
    def count($word): (split($word) | length) - 1;
    # As many whole lines as fit; folded parts that are cut through are closed, and it is told how much is missing.
    def fit($room; $isMarkdown):
        if units <= $room then .
        else split("\n") as $lines
            | (reduce $lines[] as $line ({text: "", room: ($room - 400), kept: 0, full: false};
                ($line | units + 1) as $size
                | if .full or $size > .room then .full = true else .text += $line + "\n" | .room -= $size | .kept += 1 end)) as $cut
            | $cut.text
                + (if $isMarkdown then
                    ([range(($cut.text | count("<details")) - ($cut.text | count("</details>")))] | map("\n</details>\n") | join("")) else "" end)
                + "\n> **\(($lines | length) - $cut.kept) lines are left out**, as a comment may not be longer. The reports of the job hold all.\n"
        end;
    def clean: gsub("\r"; "") | gsub("[\u0000-\u0008\u000b-\u001f\u007f]"; "�");
    def code($room): clean | split("\n") | map("    " + .) | join("\n") | fit($room; false);
    def word: if . == "" then "–" elif . == "0" then "✓" else "✗ (exit code \(.))" end;
    # A line of ours with counts in it, from which everything is taken that could be markup.
    def counts($pattern): [split("\n")[] | select(test($pattern))] | (last // "") | gsub("[^A-Za-z0-9 .,:%-]"; "");
    def folded($title; $open; $text): "\n<details\(if $open then " open" else "" end)><summary>\($title)</summary>\n\n\($text)\n\n</details>\n";

    [$validate, $test, $plan, $impact] as $codes
    | (if all($codes[]; . == "0" or . == "") then "✓ passed" else "✗ failed" end) as $verdict
    | ([ $marker, "## Charter: \($verdict)", "", "| | | |", "|---|---|---|",
        "| validate | \($validate | word) | \($validated | counts("^(not )?valid: ")) |",
        "| test | \($test | word) | \([$tested | counts("^[0-9]+ cases? in "), counts("% covered: ")] | map(select(. != "")) | join("; ")) |",
        "| plan | \($plan | word) | \(if $plan == "" then "there is nothing to compare with" else "" end) |",
        "| impact | \($impact | word) | \(if $impact == "" then "no recorded decisions were given" else "" end) |", "" ] | join("\n")
        + (if $validate == "0" then "" else folded("What is wrong"; true; $validated | code(9000)) end)
        + (if $test == "0" then "" else folded("Tests"; true; $tested | code(9000)) end)
        + (if $plan == "" or $plan == "0" then "" else folded("No plan, or one that is refused"; true; $plan_errors | code(4000)) end)
        + (if $impact == "" or $impact == "0" then "" else folded("Impact: a limit is passed, or it failed"; true; $impact_errors | code(4000)) end)
      ) as $top
    | ($replayed | clean | if . == "" then "" else "\n" + fit(14000; true) end) as $middle
    | ($planned | clean | ltrimstr($marker) | ltrimstr("\n")) as $bottom
    | $top + $middle + (if $bottom == "" then "" else "\n" + ($bottom | fit($limit - ($top + $middle | units); true)) end)' \
    >"$reports/comment.md" || give_up 70 "the comment cannot be put together"

if [ "$forge" = github ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    tail -n +2 "$reports/comment.md" >>"$GITHUB_STEP_SUMMARY" || say "the step's summary cannot be written"
fi

# METHOD URL [FILE]: asks the forge; what it answers goes to $work/answer and its status is printed, 000 for none.
ask() {
    local again=()
    # Only what changes nothing is asked twice.
    [ "$1" != GET ] || again=(--retry 2)
    printf 'header = "%s"\n' "$authorization" |
        curl --config - --silent --show-error --max-time 30 "${again[@]}" --request "$1" --output "$work/answer" --write-out '%{http_code}' \
            --header 'Content-Type: application/json' --header 'User-Agent: charter-review' ${3:+--data-binary "@$3"} -- "$2" 2>"$work/curl.err" || true
}

# No comment is worth a failed check: what was found stands in the log and the reports.
no_comment() {
    say "no comment was written: $1"
    [ "$forge" != github ] || printf '::warning title=Charter::no comment was written; the summary of this step holds everything\n'
    return 0
}

# COMMENTS-URL ITEM-URL VERB FILTER: changes the first comment that the filter chooses, or writes one.
keep_comment() {
    local page=1 found='' status
    while [ -z "$found" ]; do
        status=$(ask GET "$1?per_page=100&page=$page")
        # Not knowing whether there is one, a second one is not written.
        [ "$status" = 200 ] || {
            no_comment "the comments cannot be read (HTTP status $status)"
            return
        }
        found=$(jq -r --arg marker "$marker" --arg author "$author" "[.[] | select((.body // \"\") | startswith(\$marker)) | select($4) | .id][0] // empty" \
            "$work/answer" 2>/dev/null) || {
            no_comment "the comments cannot be understood"
            return
        }
        [ "$(jq length "$work/answer")" -ge 100 ] || break
        page=$((page + 1))
    done
    # An id is a number; whatever else is answered gets into no address.
    case $found in *[!0-9]*) found= ;; esac
    if [ -n "$found" ]; then status=$(ask "$3" "$2/$found" "$work/body.json"); else status=$(ask POST "$1" "$work/body.json"); fi
    case $status in
    200 | 201) say "the comment was $([ -n "$found" ] && echo updated || echo written)" ;;
    *) no_comment "HTTP status $status" ;;
    esac
}

post() {
    local number same
    jq -Rs '{body: .}' "$reports/comment.md" >"$work/body.json"
    case $forge in
    github)
        number=$(jq -r '.pull_request.number // empty' "${GITHUB_EVENT_PATH:-/dev/null}" 2>/dev/null)
        # A push has no pull request.
        case $number in '' | *[!0-9]*) return ;; esac
        same=$(jq -r --arg here "${GITHUB_REPOSITORY:-}" '.pull_request.head.repo.full_name == $here' "$GITHUB_EVENT_PATH")
        if [ "$same" != true ]; then
            say "the pull request comes from a fork, whose token may not comment: see the summary of this step"
            return
        fi
        [ -n "$token" ] || {
            no_comment "there is no token"
            return
        }
        authorization="Authorization: Bearer $token"
        # Only a comment of the job's own: whoever else writes the marker must not get the report into words that they can change.
        keep_comment "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/$number/comments" \
            "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/comments" PATCH \
            "if \$author == \"\" then .user.type == \"Bot\" else .user.login == \$author end"
        ;;
    gitlab)
        number=${CI_MERGE_REQUEST_IID:-}
        case $number in '' | *[!0-9]*) return ;; esac
        [ -n "$token" ] || {
            no_comment "there is no token: CHARTER_TOKEN holds an access token of the project with the scope api"
            return
        }
        authorization="PRIVATE-TOKEN: $token"
        if [ -z "$author" ] && [ "$(ask GET "$CI_API_V4_URL/user")" = 200 ]; then author=$(jq -r '.username // empty' "$work/answer"); fi
        keep_comment "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$number/notes" \
            "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$number/notes" PUT \
            "(.system | not) and \$author != \"\" and .author.username == \$author"
        ;;
    esac
}
if [ "$comment" = true ]; then post; fi

worst=0
for status in "$validate" "$test" "${plan:-0}" "${impact:-0}"; do
    if [ "$status" -gt "$worst" ]; then worst=$status; fi
done
exit "$worst"
