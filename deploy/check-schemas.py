"""Takes YAML files apart into documents and has check-jsonschema hold each against the schema of its kind.

usage: check-schemas.py WORK VALID... -- BROKEN

Nothing of a schema is looked at here: the checker decides. A document of a broken repository counts if the compiler found only structural
mistakes in it, which the schema can know too.
"""

import datetime
import json
import pathlib
import re
import subprocess
import sys

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

SCHEMAS = pathlib.Path("schemas")
# What stands for the kind of a document that has none, or one that does not exist.
NONE = "charter"
# Another version, an unknown kind, an unknown field, one that is missing, a value of another type, a name that is none: a document with a
# finding of these must be refused by its schema too.
STRUCTURAL = {"CH1202", "CH1203", "CH1204", "CH1205", "CH1206", "CH1208"}
# What a schema does not say, although the code is structural: each with its reason.
EXEMPT = {
    # `downgradeTo` is needed by one value of another field.
    "budget-downgrades/budget.yaml:1", "budgets/budget.yaml:1",
    # A name that turns on another field, and one that conditions could not spell.
    "model-of-another-provider/models.yaml:14", "organization-collisions/organization.yaml:1",
    # Readers of other makes merge `<<`, which is no field here.
    "yaml-merge-key/user.yaml:7",
    # What a request of a test may be written as turns on fixtures, defaults and columns.
    "test-expectations/test.yaml:1", "test-pieces/test.yaml:1", "test-tables/test.yaml:1",
    # A template's body may hold a parameter anywhere, and its parameters are named as placeholders can spell them.
    "template-declarations/templates.yaml:1", "template-declarations/templates.yaml:45",
}


def plain(value):
    """YAML 1.2 as the compiler reads it: a day or a time is text, an empty `spec` is as if it had not been written."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value


def documents(file):
    """The documents of a file with the lines they begin on; none if it is no YAML."""
    text = file.read_text(encoding="utf-8")
    loader = YAML(typ="safe", pure=True)
    line = 1
    found = []
    for part in re.split(r"(?m)^---[ \t]*$", text):
        try:
            value = plain(loader.load(part))
        except (YAMLError, ValueError):
            value = None
        if isinstance(value, dict):
            found.append((line, line + part.count("\n"), value))
        line += part.count("\n")
    return found


def files(folder):
    for file in sorted(pathlib.Path(folder).rglob("*.y*ml")):
        if not any(part.startswith(".") for part in file.relative_to(folder).parts):
            yield file


def check(schema, paths):
    """The paths that the schema refuses."""
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", schema, "--output-format", "json", *paths]
    outcome = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if outcome.returncode not in (0, 1) or not outcome.stdout:
        sys.exit(f"check-jsonschema failed on {schema}: {outcome.stdout}{outcome.stderr}")
    report = json.loads(outcome.stdout)
    if report.get("parse_errors"):
        sys.exit(f"{schema}: {report['parse_errors']}")
    return {error["filename"]: error for error in report.get("errors", [])}


class Batch:
    """Documents in files of their own, by kind."""

    def __init__(self, work):
        self.work = work
        self.kinds = {}

    def add(self, value, place):
        kind = value.get("kind")
        if not isinstance(kind, str) or not (SCHEMAS / f"{kind}.json").exists():
            kind = NONE
        folder = self.work / kind
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{len(self.kinds.setdefault(kind, {}))}.json"
        path.write_text(json.dumps(value))
        self.kinds[kind][str(path)] = place

    def refused(self):
        """For each place whether its kind's schema, and that of all kinds, refuse it."""
        answers = {}
        everything = [path for paths in self.kinds.values() for path in paths]
        of_all = check(SCHEMAS / "charter.json", everything) if everything else {}
        for kind, paths in self.kinds.items():
            # Of no kind, it has no other schema.
            own = of_all if kind == NONE else check(SCHEMAS / f"{kind}.json", paths)
            for path, place in paths.items():
                answers[place] = (own.get(path), of_all.get(path))
        return answers


def main():
    work = pathlib.Path(sys.argv[1])
    border = sys.argv.index("--")
    wrong = []

    valid = Batch(work / "valid")
    for folder in sys.argv[2:border]:
        for file in files(folder):
            for first, _, value in documents(file):
                valid.add(value, f"{file}:{first}")
    answers = valid.refused()
    for place, (own, of_all) in answers.items():
        for error in filter(None, (own, of_all)):
            wrong.append(f"{place}: a document is refused that is valid: {error.get('path')}: {error.get('message')}")
    if len(answers) < 150:
        wrong.append(f"only {len(answers)} documents were found to be checked")

    broken = Batch(work / "broken")
    expected = {}
    for repository in sorted(pathlib.Path(sys.argv[border + 1]).iterdir()):
        golden = repository / "expected.txt"
        if not golden.exists():
            continue
        findings = re.findall(r"(?m)^\w+\[(CH\d+)\]: (.*)\n *--> (.+?):(\d+):\d+$", golden.read_text())
        for file in files(repository):
            name = str(file.relative_to(repository))
            # The others may hold what no parser of another make survives.
            if not any(path == name and code in STRUCTURAL for code, _, path, _ in findings):
                continue
            for first, last, value in documents(file):
                codes = {code for code, _, path, line in findings if path == name and first <= int(line) <= last}
                if not codes & STRUCTURAL:
                    continue
                place = f"{repository.name}/{name}:{first}"
                broken.add(value, place)
                expected[place] = codes & STRUCTURAL
    refused = broken.refused()
    missed = [place for place, (own, of_all) in refused.items() if not (own and of_all)]
    for place in missed:
        if place not in EXEMPT:
            wrong.append(f"{place}: accepted although the compiler finds {', '.join(sorted(expected[place]))}")
    for place in sorted(EXEMPT):
        if place not in missed:
            wrong.append(f"{place}: is refused, and needs no exemption")
    repositories = sorted({place.split("/")[0] for place in refused if place not in EXEMPT})
    if len(refused) < 20:
        wrong.append(f"only {len(refused)} broken documents were found to be checked")

    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"schemas: {len(answers)} documents accepted; {len(refused) - len(EXEMPT)} broken ones refused, of {', '.join(repositories)}")


main()
