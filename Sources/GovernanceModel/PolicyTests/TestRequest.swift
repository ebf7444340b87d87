import JSON

/// A request that is being put together.
struct TestRequest {
    var subject: JSONValue?
    var action: JSONValue?
    var resource: JSONValue?
    var context: JSONObject?

    static let parts = ["subject", "action", "resource", "context"]

    /// This on top of another: subject, action and resource take the other's place, members of the context the other's members.
    func over(_ base: TestRequest) -> TestRequest {
        TestRequest(
            subject: subject ?? base.subject, action: action ?? base.action, resource: resource ?? base.resource,
            context: context.map { (base.context ?? JSONObject()).merging($0) } ?? base.context)
    }

    /// Sets one member, such as `properties.region` of the resource, and leaves its neighbours.
    mutating func set(_ part: String, _ path: ArraySlice<String>, _ value: JSONValue) {
        func changed(_ part: JSONValue?) -> JSONValue {
            var object = part?.objectValue ?? JSONObject()
            object.set(path, value)
            return .object(object)
        }
        switch part {
        case "subject": subject = changed(subject)
        case "action": action = changed(action)
        case "resource": resource = changed(resource)
        default: context = changed(context.map { .object($0) }).objectValue
        }
    }

    /// As it is decided. A member of the context that is null was taken away.
    var json: JSONValue {
        var object = JSONObject()
        object["subject"] = subject
        object["action"] = action
        object["resource"] = resource
        if let context {
            object["context"] = .object(JSONObject(context.members.lazy.filter { $0.value != .null }.map { ($0.name, $0.value) }))
        }
        return .object(object)
    }

    /// Which part that every request needs is not there.
    var missing: [String] {
        [("subject", subject), ("action", action), ("resource", resource)].compactMap { $0.1 == nil ? $0.0 : nil }
    }
}

extension JSONObject {
    /// The members of both; where a name is in both, the other's member as a whole.
    func merging(_ other: JSONObject) -> JSONObject {
        JSONObject(members.map { ($0.name, $0.value) } + other.members.map { ($0.name, $0.value) })
    }

    fileprivate mutating func set(_ path: ArraySlice<String>, _ value: JSONValue) {
        guard let name = path.first else { return }
        if path.count == 1 {
            self[name] = value
        } else {
            var object = self[name]?.objectValue ?? JSONObject()
            object.set(path.dropFirst(), value)
            self[name] = .object(object)
        }
    }
}
