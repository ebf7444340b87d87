import CEL
import JSON
import PolicyBundle

/// From JSON to cells.
extension DecisionSession {
    /// A member's value: of its type, and one of its values where not every one is allowed. After the same checks absent, where it is not to
    /// be read and is no number.
    func value(
        _ token: Int, _ member: UnsafePointer<DeclaredMember>, isRead: Bool, at pointer: () -> String
    ) throws(RequestError) -> CELCell {
        let kind = tape.kind(token)
        let values = member.pointee.values
        switch (member.pointee.type, kind) {
        case (.string, .string):
            if !values.isEmpty { try expect(token, among: values, at: pointer()) }
            return isRead ? engine.records.cell(ofText: tape.bytes(token), in: activation) : .absent
        case (.int, .int): return .int(tape.int(token))
        case (.bool, .bool): return .bool(tape.bool(token))
        case (.int, .double): if let exact = Int64(exactly: tape.double(token)) { return .int(exact) }
        case (.double, .int), (.double, .double): return .double(tape.double(token))
        case (.timestamp, .string):
            if let time = CELTimestamp(text: tape.string(token)) { return .timestamp(time) }
            throw RequestError(pointer(), "must be a time such as 2026-01-31T12:00:00Z (RFC 3339)")
        case (.stringList, .array): return try strings(token, among: values, isRead: isRead, at: pointer)
        case (.stringMap, .object): return try stringMap(token, isRead: isRead, at: pointer)
        case (.dynamic, _), (.map, .object): return isRead ? dynamic(token) : .absent
        default: break
        }
        throw RequestError(pointer(), "must be \(member.pointee.type.expectation), found \(kind.name)")
    }

    private func strings(
        _ array: Int, among values: UnsafeBufferPointer<UInt32>, isRead: Bool, at pointer: () -> String
    ) throws(RequestError) -> CELCell {
        let list = isRead ? activation.makeList(count: tape.count(array)) : .absent
        var element = array + 1
        var index = 0
        while element < tape.next(array) {
            guard tape.kind(element) == .string else {
                throw RequestError("\(pointer())/\(index)", "must be a string, found \(tape.kind(element).name)")
            }
            if isRead { activation.setElement(index, of: list, to: activation.makeText(tape.bytes(element))) }
            index += 1
            element = tape.next(element)
        }
        guard !values.isEmpty else { return list }
        (element, index) = (array + 1, 0)
        while element < tape.next(array) {
            try expect(element, among: values, at: "\(pointer())/\(index)")
            index += 1
            element = tape.next(element)
        }
        return list
    }

    private func stringMap(_ object: Int, isRead: Bool, at pointer: () -> String) throws(RequestError) -> CELCell {
        let map = isRead ? activation.makeMap(count: tape.count(object)) : .absent
        var token = object + 1
        var index = 0
        while token < tape.next(object) {
            guard tape.kind(token + 1) == .string else {
                throw RequestError(
                    "\(pointer())/\(RequestError.escape(tape.string(token)))", "must be a string, found \(tape.kind(token + 1).name)")
            }
            if isRead {
                activation.setEntry(
                    index, of: map, key: activation.makeText(tape.bytes(token)), value: activation.makeText(tape.bytes(token + 1)))
            }
            index += 1
            token = tape.next(token + 1)
        }
        if isRead { activation.finishMap(map) }
        return map
    }

    /// By bytes, as conditions compare: another way to write the same letter is another value.
    private func expect(
        _ token: Int, among values: UnsafeBufferPointer<UInt32>, at pointer: @autoclosure () -> String
    ) throws(RequestError) {
        let bytes = tape.bytes(token)
        for value in values where isSame(engine.records.text(Int(value)), bytes) { return }
        let names = values.map { "`\(engine.bundle.string(Int($0)))`" }.joined(separator: ", ")
        throw RequestError(pointer(), "must be one of \(names)")
    }

    /// The members of an object, none where there is none.
    func dynamicMap(_ object: Int?) -> CELCell {
        if let object { return dynamic(object) }
        let map = activation.makeMap(count: 0)
        activation.finishMap(map)
        return map
    }

    /// A value as it is. Recursion ends at the depth that the tape allows.
    func dynamic(_ token: Int) -> CELCell {
        switch tape.kind(token) {
        case .null: return .null
        case .bool: return .bool(tape.bool(token))
        case .int: return .int(tape.int(token))
        case .double: return .double(tape.double(token))
        case .string: return activation.makeText(tape.bytes(token))
        case .array:
            let list = activation.makeList(count: tape.count(token))
            var element = token + 1
            var index = 0
            while element < tape.next(token) {
                activation.setElement(index, of: list, to: dynamic(element))
                index += 1
                element = tape.next(element)
            }
            return list
        case .object:
            let map = activation.makeMap(count: tape.count(token))
            var member = token + 1
            var index = 0
            while member < tape.next(token) {
                activation.setEntry(index, of: map, key: activation.makeText(tape.bytes(member)), value: dynamic(member + 1))
                index += 1
                member = tape.next(member + 1)
            }
            activation.finishMap(map)
            return map
        }
    }
}
