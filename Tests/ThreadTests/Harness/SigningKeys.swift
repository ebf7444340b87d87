import Foundation
import JSON
import TestSupport

/// Keys of a test's own, made by the program, and files that trust them.
struct SigningKeys {
    let folder: String

    /// Makes a key; the file of its private half.
    func make(_ name: String) throws -> String {
        let made = try CharterProgram.run("keys", "new", "--output", name, in: folder)
        guard made.status == 0 else { throw Failure("no key: \(made)") }
        return "\(folder)/\(name).key"
    }

    func id(_ key: String) throws -> String {
        guard let id = try CharterProgram.run("keys", "show", key, "--format", "json").json["keyid"]?.stringValue else {
            throw Failure("\(key) has no id")
        }
        return id
    }

    /// Writes a file that trusts these keys, each with further members.
    func trust(_ keys: (file: String, members: JSONObject)..., as name: String = "trusted.json") throws -> String {
        let entries = try keys.map { key in
            let shown = try CharterProgram.run("keys", "show", key.file, "--format", "json")
            guard var entry = try shown.json["trustedKey"]?.objectValue else { throw Failure("no entry: \(shown)") }
            for member in key.members.members { entry[member.name] = member.value }
            return JSONValue.object(entry)
        }
        let path = "\(folder)/\(name)"
        try Data(JSONWriter.bytes(.array(entries))).write(to: URL(fileURLWithPath: path))
        return path
    }
}
