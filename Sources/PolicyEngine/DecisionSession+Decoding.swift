import CEL
import JSON
import PolicyBundle

/// From the bytes of a request to names looked up and slots filled.
extension DecisionSession {
    /// More than any request needs, and little enough for the memory that its values take.
    static let requestLimit = 16 << 20

    /// Reads a request of the shape of OpenID AuthZEN (Authorization API 1.0 §5); members that it does not know are ignored, as the standard
    /// asks. The bytes must stay where they are until the decision has been read.
    ///
    /// - Parameter now: nanoseconds since 1970-01-01T00:00:00Z.
    public func decode(_ bytes: UnsafeRawBufferPointer, now: Int64) throws(RequestError) {
        begin(now: now)
        guard bytes.count <= Self.requestLimit else { throw RequestError("", "is larger than \(Self.requestLimit >> 20) MiB") }
        guard tape.read(bytes) else { throw Self.syntaxError(bytes) }
        try decodeRequest()
    }

    /// A list of requests that has been read as one text. Good for as long as the session reads no other text.
    public struct RequestList {
        /// Of the requests in the text, by their tokens.
        fileprivate let array: Int
        public let count: Int
    }

    /// Reads the requests that are the member `name` of the object that the text is. They are then decoded one after the other, and the
    /// bytes must stay where they are until then.
    ///
    /// - Returns: nil where the text as a whole is not as it should be: not an object, one of too many members, without the list, or not JSON in any of its parts.
    public func readRequests(_ bytes: UnsafeRawBufferPointer, member name: StaticString) -> RequestList? {
        guard bytes.count <= Self.requestLimit, tape.read(bytes), tape.kind(0) == .object, tape.count(0) <= JSONSlices.mostMembers,
            let array = tape.member(0, name), tape.kind(array) == .array
        else { return nil }
        return RequestList(array: array, count: tape.count(array))
    }

    /// A request of a list.
    public struct ListedRequest {
        fileprivate let token: Int
        /// Where it begins in the text, if it is an object.
        public let start: Int
    }

    /// Visits the requests of the list that was read last.
    public func forEach(_ list: RequestList, _ body: (ListedRequest) -> Void) {
        var token = list.array + 1
        for number in 0..<list.count {
            if number % Self.foreseen == 0 { foresee(token, count: min(Self.foreseen, list.count - number)) }
            body(ListedRequest(token: token, start: tape.start(token)))
            token = tape.next(token)
        }
    }

    /// So many requests are looked at together before they are decided.
    private static let foreseen = 8

    /// Asks for the records of the subjects of some requests that follow each other.
    private func foresee(_ first: Int, count: Int) {
        withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: count) { names in
            var (token, found) = (first, 0)
            for _ in 0..<count {
                if tape.kind(token) == .object, let subject = tape.member(token, "subject"), tape.kind(subject) == .object,
                    let id = tape.member(subject, "id"), tape.kind(id) == .string
                {
                    names[found] = tape.bytes(id)
                    found += 1
                }
                token = tape.next(token)
            }
            engine.records.prefetchUsers(UnsafeMutableBufferPointer(rebasing: names[..<found]))
        }
    }

    /// As `decode`, of a request in the list that was read last.
    public func decode(_ request: ListedRequest, now: Int64) throws(RequestError) {
        begin(now: now)
        try decodeRequest(at: request.token)
    }

    private func decodeRequest(at root: Int = 0) throws(RequestError) {
        guard tape.kind(root) == .object else { throw RequestError("", "must be an object, found \(tape.kind(root).name)") }
        let subject = try entity(root, "subject")
        let resource = try entity(root, "resource")
        let action = try object(root, "action", at: "")
        request.pointee.action = DecodedRequest.Text(try text(action, "name", at: "/action"))
        let actionProperties = try optionalObject(action, "properties", at: "/action")
        let context = try optionalObject(root, "context", at: "")
        request.pointee.subjectType = DecodedRequest.Text(subject.type)
        request.pointee.subjectID = DecodedRequest.Text(subject.id)
        request.pointee.resourceType = DecodedRequest.Text(resource.type)
        request.pointee.resourceID = DecodedRequest.Text(resource.id)
        lookUp()
        guard request.pointee.refusal == .none else { return }
        try fill(
            subjectProperties: subject.properties, actionProperties: actionProperties, resourceProperties: resource.properties,
            context: context)
    }

    private func begin(now: Int64) {
        activation.reset()
        request.pointee = DecodedRequest()
        request.pointee.now = now
        forgetDecision()
    }

    private static func syntaxError(_ bytes: UnsafeRawBufferPointer) -> RequestError {
        do throws(JSONSyntaxError) {
            _ = try JSONParser.parse(Array(bytes))
            return RequestError("", "is not valid JSON")
        } catch {
            return RequestError("", "is not valid JSON: \(error)")
        }
    }

    // MARK: Members

    private struct Entity {
        var type: UnsafeRawBufferPointer
        var id: UnsafeRawBufferPointer
        /// The token of an object.
        var properties: Int?
    }

    private func entity(_ root: Int, _ name: StaticString) throws(RequestError) -> Entity {
        let token = try object(root, name, at: "")
        return Entity(
            type: try text(token, "type", at: "/\(name)"), id: try text(token, "id", at: "/\(name)"),
            properties: try optionalObject(token, "properties", at: "/\(name)"))
    }

    private func object(_ parent: Int, _ name: StaticString, at pointer: @autoclosure () -> String) throws(RequestError) -> Int {
        guard let token = tape.member(parent, name) else { throw RequestError("\(pointer())/\(name)", "is missing") }
        guard tape.kind(token) == .object else {
            throw RequestError("\(pointer())/\(name)", "must be an object, found \(tape.kind(token).name)")
        }
        return token
    }

    private func optionalObject(_ parent: Int, _ name: StaticString, at pointer: @autoclosure () -> String) throws(RequestError) -> Int? {
        guard let token = tape.member(parent, name), tape.kind(token) != .null else { return nil }
        guard tape.kind(token) == .object else {
            throw RequestError("\(pointer())/\(name)", "must be an object, found \(tape.kind(token).name)")
        }
        return token
    }

    private func text(
        _ parent: Int, _ name: StaticString, at pointer: @autoclosure () -> String
    ) throws(RequestError) -> UnsafeRawBufferPointer {
        guard let token = tape.member(parent, name) else { throw RequestError("\(pointer())/\(name)", "is missing") }
        guard tape.kind(token) == .string else {
            throw RequestError("\(pointer())/\(name)", "must be a string, found \(tape.kind(token).name)")
        }
        let bytes = tape.bytes(token)
        if bytes.isEmpty { throw RequestError("\(pointer())/\(name)", "must not be empty") }
        let most = ConditionVariables.longestName
        if bytes.count > most { throw RequestError("\(pointer())/\(name)", "must not be longer than \(most) bytes") }
        return bytes
    }

    // MARK: Names

    private func lookUp() {
        let records = engine.records
        let type = request.pointee.subjectType.bytes
        let isUser = Self.isText(type, "user")
        let id = request.pointee.subjectID.bytes
        guard isUser || Self.isText(type, "service-account"),
            let subject = records.subject(id, !isUser) ?? records.identity(id, !isUser)
        else {
            request.pointee.refusal = .unknownSubject
            return
        }
        let record = records.record(.subj, subject)
        request.pointee.isServiceAccount = !isUser
        request.pointee.subject = subject
        guard record[SubjectColumn.flags.rawValue] & SubjectColumn.disabled == 0 else {
            request.pointee.refusal = .subjectDisabled
            return
        }
        let group = records.record(.clss, Int(record[SubjectColumn.subjectClass.rawValue]))
        let lists = records.words(.list)
        request.pointee.roles = lists + Int(group[0])
        request.pointee.roleCount = Int(group[1])
        request.pointee.teams = lists + Int(group[2])
        request.pointee.teamCount = Int(group[3])
        lookUpResource()
    }

    private func lookUpResource() {
        let records = engine.records
        let type = request.pointee.resourceType.bytes
        request.pointee.actionNumber = records.action(request.pointee.action.bytes) ?? engine.index.actionCount
        if Self.isText(type, "model") {
            guard let model = records.model(request.pointee.resourceID.bytes) else {
                request.pointee.refusal = .unknownResource
                return
            }
            request.pointee.entry = model
            request.pointee.model = model
            return
        }
        for row in 0..<records.count(.rtyp) {
            guard isSame(records.text(Int(records.word(.rtyp, row, ResourceTypeColumn.name))), type) else { continue }
            request.pointee.entry = engine.index.modelCount + row
            let actions = records.words(.list) + Int(records.word(.rtyp, row, ResourceTypeColumn.actions))
            let count = Int(records.word(.rtyp, row, ResourceTypeColumn.actionCount))
            let action = UInt32(truncatingIfNeeded: request.pointee.actionNumber)
            if !UnsafeBufferPointer(start: actions, count: count).contains(action) { request.pointee.refusal = .unknownAction }
            return
        }
        request.pointee.refusal = .unknownResource
    }

    static func isText(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        isSame(bytes, UnsafeRawBufferPointer(start: UnsafeRawPointer(text.utf8Start), count: text.utf8CodeUnitCount))
    }
}
