import ArgumentParser
import ControlPlane
import PolicyEngine

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Ask a bundle who may do something, what a subject may do, and with which resources.",
        discussion: """
            The answers are exactly those that deciding every candidate would give, conditions and policies included. They come in the \
            bundle's order; a page ends with a token that the next one is asked for with. `--format json` has the shape of an OpenID AuthZEN search.
            """,
        subcommands: [QueryWhoCommand.self, QueryWhatCommand.self, QueryWhichCommand.self])
}

/// What all queries may be given.
struct QueryOptions: ParsableArguments {
    @Option(name: .long, help: "A JSON object: the context of the requests.")
    var context: String?

    @Option(name: .long, help: "A JSON object: the properties of the resource.")
    var properties: String?

    @Option(name: .long, help: "How many results a page has at most.")
    var limit: Int?

    @Option(name: .long, help: "The token that the page before ended with.")
    var page: String?

    @Flag(name: .long, help: "Show all results at once.")
    var all = false

    @Option(name: .long, help: "Decide as if it were this time, e.g. 2026-01-31T12:00:00Z.")
    var now: String?

    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: FormatOption

    private static let usualLimit = 100

    func validate() throws {
        if all, limit != nil { throw ValidationError("--all has no --limit") }
        if let limit, limit < 1 { throw ValidationError("--limit must be above zero") }
    }

    func run(_ bundle: String, _ query: () throws -> BundleQuery) throws {
        try Terminal.run {
            var query = try query()
            try query.set(context: context, limit: all ? nil : limit ?? Self.usualLimit, token: page)
            let time = try RequestTime.nanoseconds(now)
            let result = try query.run(try PolicyEngine(try trust.source(bundle).open()), now: time)
            switch output.format {
            case .human:
                for line in result.lines { Terminal.out(line) }
                if let note = result.note { Terminal.say(note) }
            case .json: Terminal.out(result.json)
            }
        }
    }
}
