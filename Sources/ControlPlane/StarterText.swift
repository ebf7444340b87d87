import Starter

/// What `charter init` has written, and what to do next, for people.
public struct StarterText {
    public let text: String

    /// - Parameter isNew: whether a git repository was made.
    public init(_ repository: StarterRepository, _ settings: StarterSettings, isNew: Bool) {
        let written = repository.missing
        let schemas = written.filter { $0.contains(".schemas/") }
        guard !written.isEmpty else {
            text = "All \(repository.present.count) files are there already; nothing was written.\n"
            return
        }
        var lines = ["\(settings.title) begins in \(repository.root)" + (isNew ? ", a new git repository" : "") + ":", ""]
        lines += written.filter { !$0.contains(".schemas/") }.sorted().map { "  " + $0 }
        if let first = schemas.first, let slash = first.lastIndex(of: "/") {
            lines.append("  \(first[...slash])  \(schemas.count) JSON Schemas, for editors")
        }
        if !repository.present.isEmpty {
            lines += ["", "Left as they were:", ""] + repository.present.sorted().map { "  " + $0 }
        }
        let folder = repository.folder.isEmpty ? "" : " " + Starter.shell(repository.folder)
        lines += ["", "Next, in \(repository.root):", "", "  charter validate" + folder, "  charter test\(folder) --coverage"]
        if isNew || repository.isInRepository {
            lines += [
                "  git add --all && git commit --message 'Begin governance as code'",
                "  charter plan\(folder.isEmpty ? "" : " --path" + folder)    # after a change: who gains or loses what",
            ]
        }
        if settings.currency != "USD" {
            lines += ["", "The prices in models/ are US dollars, taken one for one: put prices in \(settings.currency) there."]
        }
        switch settings.review {
        case .github:
            lines += [
                "", "CI needs the program: the variables CHARTER_URL and CHARTER_SHA256 of the repository say where it is fetched from.",
            ]
        case .gitlab:
            lines += ["", "CI needs an image with the program, CHARTER_IMAGE in .gitlab-ci.yml, and for notes the variable CHARTER_TOKEN."]
        case .none: break
        }
        text = lines.joined(separator: "\n") + "\n"
    }
}
