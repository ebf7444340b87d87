import ArgumentParser
import ControlPlane

struct QueryWhichCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "which", abstract: "Which resources a subject may do an action on.",
        discussion: """
            Models can be listed. The ids of resources of declared types come with requests alone: a query about them is refused, unless \
            nothing at all could permit the action.
            """)

    @Argument(help: "The bundle.")
    var bundle: String

    @Option(name: .long, help: "The subject, e.g. user:ada.")
    var subject: String

    @Option(name: .long, help: "The action, e.g. llm.chat.")
    var action: String

    @Option(name: .long, help: "The type of the resources.")
    var resourceType = "model"

    @OptionGroup var options: QueryOptions

    func run() throws {
        try options.run(bundle) {
            try BundleQuery.which(subject: subject, action: action, resourceType: resourceType, properties: options.properties)
        }
    }
}
