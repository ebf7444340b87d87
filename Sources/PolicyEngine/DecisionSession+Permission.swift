import JSON
import PolicyBundle

/// What the roles of a subject permit, policies aside.
extension DecisionSession {
    /// Whether the subject is known, not disabled, and some permission of its roles matches: the first two steps of deciding alone.
    ///
    /// For what policies are not about: who may use the server itself. A condition that cannot be evaluated permits nothing.
    ///
    /// - Parameters:
    ///   - subject: its name, or one of its identities.
    ///   - now: nanoseconds since 1970-01-01T00:00:00Z.
    public func isPermitted(
        subject: (type: String, id: String), action: String, resource: (type: String, id: String), now: Int64
    ) -> Bool {
        let body = JSONWriter.bytes([
            "subject": ["type": .string(subject.type), "id": .string(subject.id)], "action": ["name": .string(action)],
            "resource": ["type": .string(resource.type), "id": .string(resource.id)],
        ])
        return body.withUnsafeBytes { bytes in
            do throws(RequestError) {
                try decode(bytes, now: now)
            } catch {
                // An id that is no id is nobody's.
                return false
            }
            defer { forgetDecision() }
            return request.pointee.refusal == .none && isPermitted()
        }
    }
}

extension PolicyEngine {
    /// A subject as documents name it.
    public struct NamedSubject: Sendable, Hashable {
        /// `user` or `service-account`.
        public var type: String
        public var name: String

        public init(type: String, name: String) {
            self.type = type
            self.name = name
        }
    }

    /// The subject of that type and name, if there is one.
    public func subject(type: String, name: String) -> NamedSubject? {
        guard type == "user" || type == "service-account" else { return nil }
        return named(name) { records.subject($0, type == "service-account") }
    }

    /// The subject that has this external id among its `identities`; nobody where a user and a service account both have it, which the compiler refuses.
    public func subject(identity: String) -> NamedSubject? {
        let user = named(identity) { records.identity($0, false) }
        let account = named(identity) { records.identity($0, true) }
        return user == nil || account == nil ? user ?? account : nil
    }

    private func named(_ text: String, _ find: (UnsafeRawBufferPointer) -> Int?) -> NamedSubject? {
        guard !text.isEmpty else { return nil }
        var text = text
        return text.withUTF8 { utf8 in
            find(UnsafeRawBufferPointer(utf8)).map { row in
                let isAccount = bundle.word(.subj, row, SubjectColumn.flags) & SubjectColumn.serviceAccount != 0
                return NamedSubject(
                    type: isAccount ? "service-account" : "user", name: bundle.string(.subj, row, SubjectColumn.name))
            }
        }
    }
}
