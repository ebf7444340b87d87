import DecisionLog
import JSON
import PolicyEngine

/// Parts of a body, found where they stand: what is decided is decided from the very bytes that were sent.
enum RequestSlices {
    /// The members of a body.
    static func members(_ body: UnsafeRawBufferPointer) throws(RequestError) -> [JSONSlices.Member] {
        do throws(JSONSyntaxError) {
            return try JSONSlices.members(body)
        } catch {
            if let kind = JSONSlices.kind(body), kind != .object { throw RequestError("", "must be an object, found \(kind.name)") }
            throw RequestError("", "is not valid JSON: \(error)")
        }
    }

    /// The elements of a member.
    static func elements(
        _ body: UnsafeRawBufferPointer, _ member: JSONSlices.Member, most: Int
    ) throws(RequestError) -> [UnsafeRawBufferPointer] {
        let list = UnsafeRawBufferPointer(rebasing: body[member.value])
        if let kind = JSONSlices.kind(list), kind != .array {
            throw RequestError("/\(member.name)", "must be an array, found \(kind.name)")
        }
        let elements: [Range<Int>]
        do throws(JSONSyntaxError) {
            elements = try JSONSlices.elements(list, upTo: most + 1)
        } catch {
            throw RequestError("/\(member.name)", "cannot be read: \(error)")
        }
        guard elements.count <= most else { throw RequestError("/\(member.name)", "must not have more than \(most) elements") }
        return elements.map { UnsafeRawBufferPointer(rebasing: list[$0]) }
    }

    /// - Throws: `RequestError` if the text as a whole is not valid JSON.
    static func check(_ body: UnsafeRawBufferPointer) throws(RequestError) {
        guard !JSONTape().read(body) else { return }
        var what = "is not valid JSON"
        do throws(JSONSyntaxError) {
            _ = try JSONParser.parse(Array(body))
        } catch {
            what += ": \(error)"
        }
        throw RequestError("", what)
    }
}

extension DecisionService.Decided {
    /// The decision's JSON after its first two members, `id` and `decision`: from the comma on, with the brace that ends it.
    var rest: UnsafeRawBufferPointer {
        let head = #"{"id":""#.utf8.count + UUIDText.count + #"","decision":"#.utf8.count + (isAllowed ? "true" : "false").utf8.count
        return UnsafeRawBufferPointer(rebasing: json[head...])
    }
}
