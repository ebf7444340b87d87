import CLibCrypto

/// What every call of libcrypto needs.
enum LibCrypto {
    /// The failure of `work`, with libcrypto's reason; its queue of errors, which is the thread's, is left empty.
    static func failure(_ work: String) -> SigningError {
        let reason = ERR_reason_error_string(ERR_peek_last_error()).map { ": " + String(cString: $0) } ?? ""
        ERR_clear_error()
        return SigningError(.library, "libcrypto cannot \(work)\(reason)")
    }

    /// `pointer`, or the failure of `work`.
    static func made(_ pointer: OpaquePointer?, _ work: String) throws(SigningError) -> OpaquePointer {
        guard let pointer else { throw failure(work) }
        return pointer
    }

    /// Throws unless `code` is 1, libcrypto's only word for success.
    static func check(_ code: Int32, _ work: String) throws(SigningError) {
        guard code == 1 else { throw failure(work) }
    }

    /// Fills `bytes` with zeros in a way that no optimiser removes.
    static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}

/// An Ed25519 key in libcrypto's memory, which is wiped when it is freed.
///
/// INVARIANT: the key is never changed after `init`, and libcrypto's count of references is atomic, hence `@unchecked Sendable`.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over `pointer`, also if it throws.
    init(owning pointer: OpaquePointer) throws(SigningError) {
        guard EVP_PKEY_get_id(pointer) == EVP_PKEY_ED25519 else {
            // `deinit` does not run for an object that failed to become one.
            EVP_PKEY_free(pointer)
            throw SigningError(.unsupported, "not an Ed25519 key")
        }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }
}
