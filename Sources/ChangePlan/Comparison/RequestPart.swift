import JSON

/// A part of a request that conditions read.
enum RequestPart: Hashable, Comparable {
    case context(String)
    case resourceProperty(String)
    case subjectProperty(String)
    case actionProperty(String)
    /// The time of the request.
    case time

    /// What may stand there.
    enum Value: Hashable {
        case absent
        case json(JSONValue)
        /// Nanoseconds since 1970.
        case time(Int64)

        /// Values in an order of their own, so that two runs try the same in the same order: nothing first, then what is short.
        static func sorted(_ values: Set<Value>) -> [Value] {
            func key(_ value: Value) -> (Int, String) {
                switch value {
                case .absent: return (0, "")
                case .json(let json):
                    let text = JSONWriter.text(json)
                    return (text.utf8.count, text)
                case .time(let time):
                    return (time < 0 ? 1 : 2, String(repeating: "0", count: max(0, 20 - String(time).count)) + String(time))
                }
            }
            return values.map { (key($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

/// What the parts of a request hold; parts that are not named are absent.
typealias RequestValues = [RequestPart: RequestPart.Value]

/// A subject, an action and a resource, for which requests are written.
struct RequestFrame {
    var subject: AccessEffect.Subject
    var action: String
    var resourceType: String
    var resourceID: String

    /// The request as JSON.
    func text(_ values: RequestValues) -> String {
        var (context, ofResource, ofSubject, ofAction) = ("", "", "", "")
        func add(_ name: String, _ value: RequestPart.Value, _ text: inout String) {
            guard case .json(let json) = value else { return }
            text += (text.isEmpty ? "" : ",") + JSONWriter.quote(name) + ":" + JSONWriter.text(json)
        }
        for (part, value) in values.sorted(by: { $0.key < $1.key }) {
            switch part {
            case .context(let name): add(name, value, &context)
            case .resourceProperty(let name): add(name, value, &ofResource)
            case .subjectProperty(let name): add(name, value, &ofSubject)
            case .actionProperty(let name): add(name, value, &ofAction)
            case .time: break
            }
        }
        func quote(_ text: String) -> String { JSONWriter.quote(text) }
        func properties(_ text: String) -> String { text.isEmpty ? "" : ",\"properties\":{\(text)}" }
        return "{\"subject\":{\"type\":\(quote(subject.type)),\"id\":\(quote(subject.name))\(properties(ofSubject))},"
            + "\"action\":{\"name\":\(quote(action))\(properties(ofAction))},"
            + "\"resource\":{\"type\":\(quote(resourceType)),\"id\":\(quote(resourceID))\(properties(ofResource))}"
            + (context.isEmpty ? "" : ",\"context\":{\(context)}") + "}"
    }

    /// The time that the values name, or else `now`.
    static func time(_ values: RequestValues, now: Int64) -> Int64 {
        if case .time(let time)? = values[.time] { return time }
        return now
    }
}
