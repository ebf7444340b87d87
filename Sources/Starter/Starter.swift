import GovernanceModel
import JSON

/// A small governance repository to begin with: documents, their tests, and what editors and CI need to check them.
public enum Starter {
    /// Hidden, so that nothing in it is taken for a document.
    private static let schemas = ".schemas"

    /// - Parameter folder: the folder of the git repository that the documents go to; empty for its root.
    public static func files(_ settings: StarterSettings, in folder: String) -> [StarterFile] {
        let below = folder.isEmpty ? "" : folder + "/"
        let words = words(settings, folder)
        let documents = documents.map { StarterFile(below + $0.path, fill($0.text, words)) }
        return documents + schemaFiles(below) + [
            StarterFile(below + "README.md", fill(PackageResources.README_md, words)),
            StarterFile(below + ".gitignore", PackageResources.gitignore),
            StarterFile(".vscode/settings.json", editorSettings(below)),
            StarterFile(".pre-commit-config.yaml", fill(PackageResources.pre_commit_config_yaml, words)),
        ] + reviewFiles(settings.review, words)
    }

    private static let documents: [(path: String, text: [UInt8])] = [
        ("organization.yaml", PackageResources.organization_yaml),
        ("roles/roles.yaml", PackageResources.roles_yaml),
        ("teams/teams.yaml", PackageResources.teams_yaml),
        ("users/people.yaml", PackageResources.people_yaml),
        ("users/machines.yaml", PackageResources.machines_yaml),
        ("providers/providers.yaml", PackageResources.providers_yaml),
        ("models/openai.yaml", PackageResources.models_openai_yaml),
        ("models/anthropic.yaml", PackageResources.models_anthropic_yaml),
        ("policies/costly-requests.yaml", PackageResources.policy_costly_requests_yaml),
        ("policies/data-needs-clearance.yaml", PackageResources.policy_data_needs_clearance_yaml),
        ("policies/no-credentials.yaml", PackageResources.policy_no_credentials_yaml),
        ("detectors/detectors.yaml", PackageResources.detectors_yaml),
        ("budgets/budgets.yaml", PackageResources.budgets_yaml),
        ("tests/policies.yaml", PackageResources.tests_yaml),
    ]

    private static func schemaFiles(_ below: String) -> [StarterFile] {
        let schemas = Kind.allCases.map { (JSONSchemaGenerator.fileName($0), JSONSchemaGenerator.schema(of: $0)) }
        return (schemas + [("charter.json", JSONSchemaGenerator.schemaOfAllKinds())]).map { name, schema in
            StarterFile("\(below)\(Self.schemas)/\(name)", text(schema))
        }
    }

    /// Files that have no line that names their schema are found by their place: those of folders that documents are usually in.
    private static func editorSettings(_ below: String) -> [UInt8] {
        let more = ["alerts", "compliance", "exemptions", "invariants", "retention", "templates"]
        let folders = Set(documents.compactMap { $0.path.split(separator: "/").dropLast().first.map(String.init) } + more)
        let places = ["organization.yaml"] + folders.sorted().map { $0 + "/**/*.yaml" }
        return text(["yaml.schemas": ["./\(below)\(schemas)/charter.json": JSONValue(places.map { below + $0 })]])
    }

    private static func reviewFiles(_ review: StarterSettings.Review, _ words: [String: String]) -> [StarterFile] {
        switch review {
        case .none: []
        case .github:
            [
                StarterFile(".github/workflows/charter.yml", fill(PackageResources.github_workflow_yml, words)),
                StarterFile(".github/actions/charter/action.yml", PackageResources.action_yml),
                StarterFile(".github/actions/charter/review.sh", PackageResources.review_sh, isExecutable: true),
            ]
        case .gitlab:
            [
                StarterFile(".gitlab-ci.yml", fill(PackageResources.gitlab_pipeline_yml, words)),
                StarterFile(".gitlab/charter/charter.gitlab-ci.yml", PackageResources.charter_gitlab_ci_yml),
                StarterFile(".gitlab/charter/review.sh", PackageResources.review_sh, isExecutable: true),
            ]
        }
    }
}

extension Starter {
    /// What stands for `__word__` in the files. What people choose is quoted where it stands: JSON's strings are YAML's too.
    private static func words(_ settings: StarterSettings, _ folder: String) -> [String: String] {
        let path = folder.isEmpty ? "." : folder
        let pattern = "^" + (folder.isEmpty ? "" : escaped(folder) + "/") + ".*\\.ya?ml$"
        let isDollars = settings.currency == "USD"
        return [
            "name": settings.name, "title": settings.title, "quotedTitle": quoted(settings.title), "currency": settings.currency,
            "schemas": schemas, "schemaFolder": shell((folder.isEmpty ? "" : folder + "/") + schemas), "folder": shell(path),
            "option": folder.isEmpty ? "" : " --path " + shell(folder), "path": quoted(path),
            "pattern": quoted(pattern),
            "prices": isDollars
                ? "These are list prices of the provider: compare them with your contract."
                : "These are list prices in US dollars, taken one for one: put prices in \(settings.currency) here.",
        ]
    }

    /// The text with each `__word__` replaced. What is put in is not looked at again.
    private static func fill(_ text: [UInt8], _ words: [String: String]) -> [UInt8] {
        var filled = ""
        var rest = Substring(decoding: text, as: UTF8.self)
        while let open = rest.firstRange(of: "__"), let close = rest[open.upperBound...].firstRange(of: "__") {
            filled += rest[..<open.lowerBound]
            if let word = words[String(rest[open.upperBound..<close.lowerBound])] {
                filled += word
                rest = rest[close.upperBound...]
            } else {
                filled += "__"
                rest = rest[open.upperBound...]
            }
        }
        return Array((filled + rest).utf8)
    }

    private static func text(_ json: JSONValue) -> [UInt8] { JSONWriter.bytes(json, style: .pretty) + Array("\n".utf8) }

    private static func quoted(_ text: String) -> String { JSONWriter.text(.string(text), style: .compact) }

    /// As a word of a command.
    public static func shell(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "-_./".utf8.contains(byte)
            }
        }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// As a regular expression that matches this text alone.
    private static func escaped(_ text: String) -> String {
        text.map { "\\^$.|?*+()[]{}".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
