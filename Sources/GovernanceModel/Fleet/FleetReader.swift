import Diagnostics
import JSON
import YAML

/// Reads the file of a fleet.
public enum FleetReader {
    static let organization = ObjectSchema(
        "One organisation.",
        [
            .required("name", .string(.name), "what the organisation is called in this file: its state folder has this name"),
            .required("repository", .string(.text), "a path, or a git URL"),
            .optional("branch", .string(.text), "the branch to follow; the repository's own by default"),
            .optional("tag", .string(.text), "the tag to follow instead of a branch"),
            .optional("commit", .string(.text), "the whole id of a commit to hold instead"),
            .optional("path", .string(.text), "the folder of the repository that holds the documents"),
            .optional("database", .string(.text), "a Postgres URL; the fleet's by default"),
            .optional("schema", .string(.text), "the prefix of the schemas and roles; the name by default, in the fleet's database"),
            .required("listen", .string(.text), "address and port, e.g. 127.0.0.1:8181"),
            .optional("pollInterval", .string(.period), "between two looks at the repository, e.g. 15s"),
            .optional("alertWebhook", .string(.url), "where alerts are sent to"),
            .optional("allowedSigners", .string(.text), "a file of who may sign commits, as `charter up` takes it"),
            .optional("gpgKeyring", .string(.text), "a file of OpenPGP keys, as `charter up` takes it"),
        ])

    static let file = ObjectSchema(
        "A fleet.",
        [
            .optional("database", .string(.text), "the Postgres URL of organisations that name none of their own"),
            .required("organizations", .list(.object(organization), minimum: 1), "a list of organisations"),
        ])

    /// - Parameters:
    ///   - path: for diagnostics.
    ///   - database: the same for URLs of the same database, whoever logs in.
    ///   - check: what else is wrong with an organisation, for people, by the field at fault.
    /// - Returns: the fleet, if nothing is wrong with it, and everything that is.
    public static func read(
        _ bytes: [UInt8], path: String, database: (String) -> String = { $0 },
        check: (FleetOrganization) -> [(field: String, problem: String)] = { _ in [] }
    ) -> (fleet: Fleet?, diagnostics: [Diagnostic]) {
        let (nodes, errors) = YAMLParser.parse(bytes)
        var checker = StructureChecker(path: path)
        guard let node = nodes.first, nodes.count == 1, errors.isEmpty else {
            var found = errors.map { Diagnostic(.malformedYAML, $0.message, at: SourceSpan(path: path, $0.range)) }
            if found.isEmpty {
                found = [Diagnostic(.notADocument, "a fleet is one document, found \(nodes.count)", at: SourceSpan(startOf: path))]
            }
            return (nil, found)
        }
        checker.at(.field("fleet")) { $0.object(node, schema: file) }
        if checker.diagnostics.hasErrors { return (nil, checker.diagnostics.inReadingOrder()) }
        var reading = FleetReading(root: node, checker: checker)
        let fleet = reading.fleet(database, check)
        return (reading.checker.diagnostics.hasErrors ? nil : fleet, reading.checker.diagnostics.inReadingOrder())
    }
}

/// What the fields mean together.
private struct FleetReading {
    let root: YAMLNode
    var checker: StructureChecker

    mutating func fleet(_ database: (String) -> String, _ check: (FleetOrganization) -> [(field: String, problem: String)]) -> Fleet {
        let shared = root.text("database")
        let nodes = root.field("organizations")?.items ?? []
        var organizations: [FleetOrganization] = []
        for node in nodes {
            let organization = organization(node, shared: shared)
            for (field, problem) in check(organization) { report(problem, node, field) }
            organizations.append(organization)
        }
        // A name in the environment has no other characters.
        refuseRepeated(nodes, "name", "two organisations cannot have the same name, as variables of the environment spell it") {
            FleetOrganization.variableSuffix(organizations[$0].name)
        }
        refuseRepeated(nodes, "listen", "two organisations cannot listen on the same port") {
            organizations[$0].listen.hasSuffix(":0") ? nil : organizations[$0].listen
        }
        refuseRepeated(nodes, "database", "organisations that share a database need a `schema` each, and another one each") {
            let organization = organizations[$0]
            return organization.database.map { "\(database($0))\n\(organization.schema ?? "")" }
        }
        return Fleet(organizations: organizations)
    }

    private typealias Reference = FleetOrganization.Reference

    private mutating func organization(_ node: YAMLNode, shared: String?) -> FleetOrganization {
        func text(_ field: String) -> String? { node.text(field) }
        let given = ["branch", "tag", "commit"].filter { node.field($0) != nil }
        if given.count > 1 { report("only one of `branch`, `tag` and `commit` can be followed", node, given[1]) }
        let reference = text("tag").map(Reference.tag) ?? text("commit").map(Reference.commit) ?? .branch(text("branch"))
        // INVARIANT: required fields are there, as the checker has seen.
        let name = text("name") ?? ""
        let own = text("database")
        // Also where it is alone: another one that is added must not move what is there.
        let schema = text("schema") ?? (own == nil && shared != nil ? name : nil)
        return FleetOrganization(
            name: name, repository: text("repository") ?? "", reference: reference, path: text("path"),
            database: own ?? shared, schema: schema, listen: text("listen") ?? "",
            pollInterval: text("pollInterval").flatMap(Period.nanoseconds).map { "\(Double($0) / 1e9)" },
            alertWebhook: text("alertWebhook"), allowedSigners: text("allowedSigners"), gpgKeyring: text("gpgKeyring"))
    }

    private mutating func refuseRepeated(_ nodes: [YAMLNode], _ field: String, _ message: String, _ key: (Int) -> String?) {
        var first: [String: YAMLNode] = [:]
        for (number, node) in nodes.enumerated() {
            guard let key = key(number) else { continue }
            guard let earlier = first[key] else {
                first[key] = node
                continue
            }
            report(
                message, node, field,
                related: [.init(span: SourceSpan(path: checker.path, (earlier.field(field) ?? earlier).range), message: "the other one")])
        }
    }

    private mutating func report(_ message: String, _ node: YAMLNode, _ field: String, related: [Diagnostic.Related] = []) {
        checker.report(.invalidValue, message, (node.field(field) ?? node).range, related: related)
    }
}

extension FleetOrganization {
    /// The name as variables of the environment spell it: `ACME_EU` for `acme-eu`.
    public static func variableSuffix(_ name: String) -> String {
        String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}

extension YAMLNode {
    fileprivate func field(_ name: String) -> YAMLNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == name }?.value
    }

    fileprivate func text(_ name: String) -> String? {
        guard case .scalar(let text, _)? = field(name)?.content else { return nil }
        return text
    }
}
