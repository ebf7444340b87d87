import ArgumentParser
import CallerAccess
import ControlPlane
import EnforcementServer
import GovernanceModel
import JSON

struct APIKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-keys", abstract: "Make, list and end the keys by which machines call a server.",
        discussion: """
            A key stands for a ServiceAccount of the repository, whose roles say what it may do. It is shown once, when it is made; what is kept is its \
            SHA-256.
            """,
        subcommands: [APIKeysCreateCommand.self, APIKeysListCommand.self, APIKeysRevokeCommand.self, APIKeysRotateCommand.self],
        defaultSubcommand: APIKeysListCommand.self)
}

/// Where keys are kept.
struct APIKeyStoreOptions: ParsableArguments {
    @Option(name: .long, help: "A file of keys, for a server without a database.")
    var file: String?

    @OptionGroup var database: DatabaseOptions

    func run(_ body: (APIKeyAdministration) throws -> Void) throws {
        try Terminal.run {
            let administration: APIKeyAdministration
            if let file {
                administration = APIKeyAdministration(file: file)
            } else {
                administration = try APIKeyAdministration(
                    database: database.url, state: database.absoluteState, namespace: database.namespace
                ) { Terminal.err($0) }
            }
            defer { administration.close() }
            try body(administration)
        }
    }

    static var now: Int64 { WallClock.now() / 1_000_000_000 }

    static func seconds(_ text: String, _ option: String) throws(ControlError) -> Int64 {
        guard let nanoseconds = Period.nanoseconds(text), nanoseconds >= 1_000_000_000 else {
            throw ControlError(.usage, "\(option) `\(text)` is no time; write 24h or 90d")
        }
        return nanoseconds / 1_000_000_000
    }
}

/// Shows a key for the first and last time.
private enum MadeKey {
    static func show(_ made: APIKeyAdministration.Made, _ format: OutputFormat, note: String) {
        switch format {
        case .human:
            // Alone on standard output, so that it can be put where it belongs without passing a screen.
            Terminal.err("\(made.record.id) for service-account/\(made.record.account); \(note)")
            Terminal.out(made.key.text)
        case .json:
            var object = made.record.shown
            object["key"] = .string(made.key.text)
            Terminal.out(.object(object))
        }
    }
}

struct APIKeysCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a key; it is shown this once.")

    @Argument(help: "The ServiceAccount that it stands for.")
    var account: String

    @Option(
        name: .long, help: "What it may be used for, of what the account's roles permit, e.g. decide. May be repeated; all of it without.")
    var scope: [String] = []

    @Option(name: .long, help: "How long it is taken, e.g. 90d, or never.")
    var expires = "90d"

    @Option(name: .long, help: "What it is for, for people.")
    var name = ""

    @OptionGroup var store: APIKeyStoreOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try store.run { keys in
            var order = APIKeyAdministration.Order(account: account)
            order.name = name
            order.scopes = scope
            order.lifetime = expires == "never" ? nil : try APIKeyStoreOptions.seconds(expires, "--expires")
            let made = try keys.create(order, now: APIKeyStoreOptions.now)
            MadeKey.show(made, output.format, note: "this is the only time that it is shown:")
        }
    }
}

struct APIKeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the keys that there are, without the keys.")

    @OptionGroup var store: APIKeyStoreOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try store.run { keys in
            let records = try keys.list()
            let now = APIKeyStoreOptions.now
            switch output.format {
            case .human:
                if records.isEmpty { Terminal.out("there are no API keys; `charter api-keys create ACCOUNT` makes one") }
                for record in records {
                    let shown = record.shown
                    func time(_ name: String) -> String { shown[name]?.stringValue ?? "never" }
                    let scopes = record.scopes.isEmpty ? "all" : record.scopes.joined(separator: ",")
                    Terminal.out(
                        "\(record.id)\t\(record.account)\t\(record.standing(at: now).rawValue)\tscopes \(scopes)\texpires \(time("expiresAt"))\tused \(time("lastUsedAt"))\t\(record.name)"
                    )
                }
            case .json:
                Terminal.out(
                    .array(
                        records.map { record in
                            var object = record.shown
                            object["standing"] = .string(record.standing(at: now).rawValue)
                            return .object(object)
                        }))
            }
        }
    }
}

struct APIKeysRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a key at once, and for good.")

    @Argument(help: "The key's id.")
    var id: String

    @OptionGroup var store: APIKeyStoreOptions

    func run() throws {
        try store.run { keys in
            try keys.revoke(id, now: APIKeyStoreOptions.now)
            Terminal.out("\(id) is revoked")
        }
    }
}

struct APIKeysRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Make a key of the same account and scopes, and let the old one go on for a while.")

    @Argument(help: "The id of the old key.")
    var id: String

    @Option(name: .long, help: "How long the old key goes on to be taken, e.g. 24h, or 0.")
    var overlap = "24h"

    @OptionGroup var store: APIKeyStoreOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try store.run { keys in
            let seconds = overlap == "0" ? 0 : try APIKeyStoreOptions.seconds(overlap, "--overlap")
            let made = try keys.rotate(id, overlap: seconds, now: APIKeyStoreOptions.now)
            MadeKey.show(made, output.format, note: "\(id) goes on for \(overlap); this is the only time that the new one is shown:")
        }
    }
}
