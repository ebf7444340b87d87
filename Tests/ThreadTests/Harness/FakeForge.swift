import Foundation
import JSON
import Synchronization
import TestSupport

/// The part of GitHub's or GitLab's API that comments are kept by.
final class FakeForge: Sendable {
    struct Comment: Sendable {
        var id: Int
        var body: String
        var author: String
        var type: String
    }

    /// What is done to comments is answered with this status instead.
    struct Trouble: Sendable {
        var reading: Int?
        var writing: Int?
    }

    private let state: State
    private let receiver: UploadReceiver

    private final class State: Sendable {
        let comments = Mutex<[Comment]>([])
        let trouble: Trouble
        init(_ comments: [Comment], _ trouble: Trouble) {
            self.trouble = trouble
            self.comments.withLock { $0 = comments }
        }
    }

    init(_ comments: [Comment] = [], trouble: Trouble = Trouble()) throws {
        let state = State(comments, trouble)
        self.state = state
        receiver = try UploadReceiver { Self.answer($0, state) }
    }

    var url: String { receiver.url }
    var comments: [Comment] { state.comments.withLock { $0 } }
    /// Methods and paths of what was asked.
    var asked: [String] { receiver.all.map { "\($0.method) \($0.path)" } }
    var requests: [UploadReceiver.Upload] { receiver.all }
    func stop() { receiver.stop() }

    private static func answer(_ request: UploadReceiver.Upload, _ state: State) -> UploadReceiver.Answer {
        if request.path == "/user" { return .init(200, body: #"{"username": "charter-bot"}"#) }
        let parts = request.path.split(separator: "?")
        let last = parts.first?.split(separator: "/").last.map(String.init) ?? ""
        let body = (try? request.json)?["body"]?.stringValue ?? ""
        return state.comments.withLock { comments in
            switch request.method {
            case "GET":
                if let status = state.trouble.reading { return .init(status) }
                let page = parts.last?.split(separator: "=").last.flatMap { Int($0) } ?? 1
                let items = comments.dropFirst((page - 1) * 100).prefix(100).map { comment -> JSONValue in
                    [
                        "id": .int(Int64(comment.id)), "body": .string(comment.body), "system": false,
                        "user": ["login": .string(comment.author), "type": .string(comment.type)],
                        "author": ["username": .string(comment.author)],
                    ]
                }
                return .init(200, body: JSONWriter.text(.array(Array(items))))
            case "POST":
                if let status = state.trouble.writing { return .init(status) }
                comments.append(Comment(id: 7000 + comments.count, body: body, author: "charter-bot", type: "Bot"))
                return .init(201)
            case "PATCH", "PUT":
                if let status = state.trouble.writing { return .init(status) }
                guard let place = comments.firstIndex(where: { String($0.id) == last }) else { return .init(404) }
                comments[place].body = body
                return .init(200)
            default: return .init(405)
            }
        }
    }
}
