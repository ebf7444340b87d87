import JSON
import PolicyEngine

/// The body of `POST /access/v1/evaluations`, taken apart (Authorization API 1.0 §7.1).
struct AuthZENBatch {
    /// When a batch ends before its last evaluation (§7.1.2.1).
    enum Semantic: String, CaseIterable {
        case executeAll = "execute_all"
        case denyOnFirstDeny = "deny_on_first_deny"
        case permitOnFirstPermit = "permit_on_first_permit"

        func ends(with isAllowed: Bool) -> Bool {
            switch self {
            case .executeAll: false
            case .denyOnFirstDeny: !isAllowed
            case .permitOnFirstPermit: isAllowed
            }
        }
    }

    private static let parts = ["subject", "action", "resource", "context"]

    let semantic: Semantic
    /// Each as it was sent.
    let evaluations: [UnsafeRawBufferPointer]
    /// What holds for an evaluation that does not have a part itself: whole objects, nothing of which is merged (§7.1.1).
    private let defaults: [String: UnsafeRawBufferPointer]

    /// Nil if there are no evaluations: the request is then a single one.
    ///
    /// - Throws: `RequestError` for what makes no sense for any evaluation. What is wrong with one of them is found with that one.
    init?(_ body: UnsafeRawBufferPointer, most: Int) throws(RequestError) {
        let members = try RequestSlices.members(body)
        guard let list = members.first(where: { $0.name == "evaluations" }), Self.kind(list, body) != .null else { return nil }
        evaluations = try RequestSlices.elements(body, list, most: most)
        guard !evaluations.isEmpty else { return nil }
        try RequestSlices.check(body)
        var defaults: [String: UnsafeRawBufferPointer] = [:]
        for member in members where Self.parts.contains(member.name) {
            let kind = Self.kind(member, body)
            if kind == .null, member.name == "context" { continue }
            guard kind == .object else { throw RequestError("/\(member.name)", "must be an object, found \(kind?.name ?? "nothing")") }
            defaults[member.name] = UnsafeRawBufferPointer(rebasing: body[member.value])
        }
        self.defaults = defaults
        semantic = try Self.semantic(members.first { $0.name == "options" }, body)
    }

    private static func kind(_ member: JSONSlices.Member, _ body: UnsafeRawBufferPointer) -> JSONTape.Kind? {
        JSONSlices.kind(UnsafeRawBufferPointer(rebasing: body[member.value]))
    }

    private static func semantic(
        _ options: JSONSlices.Member?, _ body: UnsafeRawBufferPointer
    ) throws(RequestError) -> Semantic {
        // Nothing in a valid text, which the body is known to be, cannot be parsed.
        guard let options, let json = try? JSONParser.parse(Array(body[options.value])), json != .null else { return .executeAll }
        guard let object = json.objectValue else { throw RequestError("/options", "must be an object, found \(json.kindName)") }
        guard let value = object["evaluations_semantic"], value != .null else { return .executeAll }
        let pointer = "/options/evaluations_semantic"
        guard let text = value.stringValue else { throw RequestError(pointer, "must be a string, found \(value.kindName)") }
        guard let semantic = Semantic(rawValue: text) else {
            throw RequestError(pointer, "must be one of \(Semantic.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))")
        }
        return semantic
    }

    /// An evaluation as a request of its own.
    func request(_ number: Int) throws(RequestError) -> [UInt8] {
        let evaluation = evaluations[number]
        let members = try RequestSlices.members(evaluation)
        var text = [UInt8(ascii: "{")]
        for part in Self.parts {
            let own = members.first { $0.name == part }.map { UnsafeRawBufferPointer(rebasing: evaluation[$0.value]) }
            guard let value = own ?? defaults[part] else { continue }
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text += Array("\"\(part)\":".utf8)
            text += value
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}
