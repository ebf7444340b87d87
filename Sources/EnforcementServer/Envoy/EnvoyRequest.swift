import HTTPService
import JSON
import PolicyEngine

/// A request to be decided, made of the header fields and the path of the one that Envoy asks about.
struct EnvoyRequest {
    private var subjectType: String
    private var subjectID: String
    private var action: String
    private var resourceType: String
    private var resourceID: String
    /// JSON text.
    private var context: String?

    /// - Throws: `RequestError`, with the name of a field in place of a pointer, if it cannot be told whom this is about, or a field is there
    ///   more than once: of two, Envoy might have set one and the client the other.
    init(_ request: HTTPRequest) throws(RequestError) {
        func field(_ name: String) throws(RequestError) -> String? {
            let values = request.headers[name]
            guard values.count < 2 else {
                throw RequestError(name, "is there \(values.count) times; let Envoy overwrite what clients send")
            }
            return values.first.flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let id = try field("x-charter-subject-id") else {
            throw RequestError("x-charter-subject-id", "is missing: it says who has sent the request")
        }
        subjectID = id
        subjectType = try field("x-charter-subject-type") ?? "user"
        action = try field("x-charter-action") ?? "http.\(request.method.rawValue.lowercased())"
        resourceType = try field("x-charter-resource-type") ?? "http"
        resourceID = try field("x-charter-resource-id") ?? "/\(request.capture ?? "")"
        context = try field("x-charter-context")
        if let context, (try? JSONParser.parse(context))?.objectValue == nil {
            throw RequestError("x-charter-context", "must be a JSON object")
        }
    }

    func json() -> [UInt8] {
        func quote(_ text: String) -> String { JSONWriter.quote(text) }
        let text = """
            {"subject":{"type":\(quote(subjectType)),"id":\(quote(subjectID))},"action":{"name":\(quote(action))},\
            "resource":{"type":\(quote(resourceType)),"id":\(quote(resourceID))}\(context.map { ",\"context\":\($0)" } ?? "")}
            """
        return Array(text.utf8)
    }
}
