/// A payload whose signature was verified: these very bytes were signed.
public struct VerifiedPayload: Sendable {
    public let bytes: [UInt8]
    /// The trusted keys that have signed it and are valid at the time of checking; at least one.
    public let signers: [TrustedKey]
}

extension TrustedKeys {
    /// The payload of `envelope`, if a trusted key that is valid at `now` has signed it as `payloadType`.
    ///
    /// Every signature is tried with every key: what an envelope says about its keys is not signed and decides nothing.
    public func verify(_ envelope: DSSEEnvelope, payloadType: String, at now: UTCTime) throws(SigningError) -> VerifiedPayload {
        let message = DSSEEnvelope.preAuthenticationEncoding(type: envelope.payloadType, body: envelope.payload)
        var signers: [TrustedKey] = []
        var outOfTime: [TrustedKey] = []
        for trusted in keys {
            for signature in envelope.signatures where try trusted.key.verifies(signature.bytes, of: message) {
                if trusted.isValid(at: now) { signers.append(trusted) } else { outOfTime.append(trusted) }
                break
            }
        }
        guard !signers.isEmpty else {
            if let trusted = outOfTime.first {
                throw SigningError(.notValidNow, "key \(trusted.key.id) is not valid at \(now): it is \(trusted.validity)")
            }
            throw SigningError(.untrusted, "no signature of the envelope is by a trusted key")
        }
        guard envelope.payloadType == payloadType else {
            throw SigningError(.malformed, "the envelope's payload is not of type `\(payloadType)`")
        }
        return VerifiedPayload(bytes: envelope.payload, signers: signers)
    }
}
