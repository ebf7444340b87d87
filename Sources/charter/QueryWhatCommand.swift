import ArgumentParser
import ControlPlane

struct QueryWhatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "what", abstract: "Which actions a subject may do on a resource.",
        discussion: "Of the actions that some document names: what a glob such as `*` permits beyond them has no end.")

    @Argument(help: "The bundle.")
    var bundle: String

    @Option(name: .long, help: "The subject, e.g. user:ada.")
    var subject: String

    @Option(name: .long, help: "The resource, e.g. model:openai/gpt-5.4.")
    var resource: String

    @OptionGroup var options: QueryOptions

    func run() throws {
        try options.run(bundle) { try BundleQuery.what(subject: subject, resource: resource, properties: options.properties) }
    }
}
