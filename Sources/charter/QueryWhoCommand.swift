import ArgumentParser
import ControlPlane

struct QueryWhoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "who", abstract: "Which subjects may do an action on a resource.")

    @Argument(help: "The bundle.")
    var bundle: String

    @Option(name: .long, help: "The action, e.g. llm.chat.")
    var action: String

    @Option(name: .long, help: "The resource, e.g. model:openai/gpt-5.4.")
    var resource: String

    @Option(name: .long, help: "The type of the subjects: user or service-account.")
    var subjectType = "user"

    @OptionGroup var options: QueryOptions

    func run() throws {
        try options.run(bundle) {
            try BundleQuery.who(subjectType: subjectType, action: action, resource: resource, properties: options.properties)
        }
    }
}
