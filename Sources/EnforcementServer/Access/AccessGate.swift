import CallerAccess
import HTTPService
import NIOCore

/// Lets in who proves to be a subject of the repository whose roles permit what is asked for.
final class AccessGate: CallerGate {
    private let settings: CallerAccessSettings
    private let store: BundleStore
    private let record: AccessRecord
    private let permissions = PermissionCache()
    private let limiter: RateLimiter?

    init(_ settings: CallerAccessSettings, store: BundleStore, registry: MetricsRegistry) throws(MetricsError) {
        self.settings = settings
        self.store = store
        record = try AccessRecord(registry)
        limiter = settings.limit.map { RateLimiter($0) }
    }

    func admit(_ request: HTTPRequest, to operation: APIOperation) -> Admission {
        let now = WallClock.now()
        let seconds = now / 1_000_000_000
        let presented = PresentedCredential(request)
        switch presented {
        case .none: return refuse(presented, "missing", AccessAnswers.missing, operation, request)
        case .malformed: return refuse(presented, "malformed", AccessAnswers.notAccepted, operation, request)
        case .ambiguous: return refuse(presented, "ambiguous", AccessAnswers.ambiguous, operation, request)
        case .key(let key):
            switch settings.keys?.find(key, now: seconds) {
            case .valid(let key)?:
                settings.keys?.used(key.id, now: seconds)
                return Admission(settle(Self.identity(key), presented, operation, request, now: now))
            case .expired(let key)?: return refuse(presented, "expired", who: key.id, AccessAnswers.notAccepted, operation, request)
            case .revoked(let key)?: return refuse(presented, "revoked", who: key.id, AccessAnswers.notAccepted, operation, request)
            case .malformed?: return refuse(presented, "malformed", AccessAnswers.notAccepted, operation, request)
            case .unknown?: return refuse(presented, "unknown", AccessAnswers.notAccepted, operation, request)
            case nil: return refuse(presented, "not_taken", AccessAnswers.notAccepted, operation, request)
            }
        case .token(let token):
            guard let tokens = settings.tokens else {
                return refuse(presented, "not_taken", AccessAnswers.notAccepted, operation, request)
            }
            if let known = tokens.known(token, now: seconds) {
                return Admission(settle(Self.identity(known), presented, operation, request, now: now))
            }
            return .later { [self] in
                do throws(TokenRefusal) {
                    let verified = try await tokens.verify(token, now: seconds)
                    return settle(Self.identity(verified), presented, operation, request, now: WallClock.now())
                } catch {
                    return .refused(refusal(presented, error.rawValue, AccessAnswers.notAccepted, operation, request))
                }
            }
        case .certificate(let peer):
            guard settings.takesCertificates else { return refuse(presented, "not_taken", AccessAnswers.missing, operation, request) }
            // It held when the connection began, which may be long ago.
            guard seconds < peer.expiresAt else { return refuse(presented, "expired", AccessAnswers.notAccepted, operation, request) }
            guard let identity = ProvedIdentity(peer) else {
                return refuse(presented, "nameless", AccessAnswers.notAccepted, operation, request)
            }
            return Admission(settle(identity, presented, operation, request, now: now))
        }
    }

    private static func identity(_ key: APIKeyRecord) -> ProvedIdentity {
        ProvedIdentity(name: .subject(type: "service-account", name: key.account), proof: .key(key.id), scopes: key.scopes)
    }

    private static func identity(_ token: VerifiedToken) -> ProvedIdentity {
        ProvedIdentity(name: .external(token.identity), proof: .token, scopes: token.scopes)
    }

    func admitAtOnce(
        _ authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?, to operation: APIOperation
    ) -> Caller? {
        let now = WallClock.now()
        let seconds = now / 1_000_000_000
        let presented = PresentedCredential(field: authorization.map { String(decoding: $0, as: UTF8.self) }, peer: peer)
        let identity: ProvedIdentity
        switch presented {
        case .key(let text):
            guard case .valid(let key)? = settings.keys?.find(text, now: seconds) else { return nil }
            settings.keys?.used(key.id, now: seconds)
            identity = Self.identity(key)
        case .token(let text):
            guard let known = settings.tokens?.known(text, now: seconds) else { return nil }
            identity = Self.identity(known)
        case .certificate(let peer):
            guard settings.takesCertificates, seconds < peer.expiresAt, let named = ProvedIdentity(peer) else { return nil }
            identity = named
        case .none, .malformed, .ambiguous: return nil
        }
        guard case .admitted(let caller) = weigh(identity, operation, now: now) else { return nil }
        record.accepted(presented.method)
        return caller
    }

    /// What comes of somebody who has proved who he is.
    private enum Verdict {
        case admitted(Caller)
        /// Without a bundle nobody is known, and nobody is turned away for good.
        case noBundle
        /// Nanoseconds until he may come again.
        case limited(Caller, wait: Int64)
        case refused(outcome: String, who: String)
    }

    private func weigh(_ identity: ProvedIdentity, _ operation: APIOperation, now: Int64) -> Verdict {
        guard let entry = store.current else { return .noBundle }
        guard let subject = identity.subject(in: entry.engine) else { return .refused(outcome: "no_subject", who: identity.text) }
        let caller = Caller(type: subject.type, name: subject.name, proof: identity.proof)
        guard identity.scopes.isEmpty || identity.scopes.contains(operation.action) else {
            return .refused(outcome: "scope", who: caller.text)
        }
        guard permissions.isPermitted(subject, operation, by: entry, now: now) else {
            return .refused(outcome: "no_permission", who: caller.text)
        }
        // Last, so that what is looked at twice is counted once.
        if let limiter, let wait = limiter.take(caller.text, now: Int64(NIODeadline.now().uptimeNanoseconds)) {
            return .limited(caller, wait: wait)
        }
        return .admitted(caller)
    }

    private func settle(
        _ identity: ProvedIdentity, _ presented: PresentedCredential, _ operation: APIOperation, _ request: HTTPRequest, now: Int64
    ) -> Admission.Settled {
        switch weigh(identity, operation, now: now) {
        case .admitted(let caller):
            record.accepted(presented.method)
            return .admitted(caller)
        case .noBundle: return .refused(EnforcementServer.unavailable())
        case .limited(let caller, let wait):
            record.limited(caller)
            let limit = limiter?.limit
            return .refused(AccessAnswers.tooMany(burst: limit?.burst ?? 1, perSecond: limit?.perSecond ?? 1, wait: wait))
        case .refused(let outcome, let who):
            return .refused(refusal(presented, outcome, who: who, AccessAnswers.forbidden(operation), operation, request))
        }
    }

    private func refuse(
        _ presented: PresentedCredential, _ outcome: String, who: String? = nil, _ response: HTTPResponse, _ operation: APIOperation,
        _ request: HTTPRequest
    ) -> Admission {
        .refused(refusal(presented, outcome, who: who, response, operation, request))
    }

    private func refusal(
        _ presented: PresentedCredential, _ outcome: String, who: String? = nil, _ response: HTTPResponse, _ operation: APIOperation,
        _ request: HTTPRequest
    ) -> HTTPResponse {
        record.refused(presented.method, outcome, who: who, operation, request)
        return response
    }
}

extension Admission {
    fileprivate init(_ settled: Settled) {
        switch settled {
        case .admitted(let caller): self = .admitted(caller)
        case .refused(let response): self = .refused(response)
        }
    }
}
