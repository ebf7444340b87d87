import Digest
import Foundation
import PolicyBundle
import PolicyEngine

/// Bundles from outside: refused, or harmless.
enum BundleFuzzing {
    private static let original: [UInt8] = (try? FuzzWorld.bundle()) ?? []
    private static let digestRange = 24..<56
    private static let sizeRange = 16..<24

    static func input(_ bytes: UnsafeRawBufferPointer) -> CInt {
        let altered = Array(bytes)
        // As it is: what is accepted has the digest of its content, so that nobody takes it for another bundle.
        if altered != original, let engine = engine(altered) {
            require(engine.digest == digest(altered), "a bundle was accepted whose digest is not its own")
        }
        // With the digest and the size put right, so that what stands behind them is reached.
        var sealed = altered
        guard sealed.count >= digestRange.upperBound else { return 0 }
        withUnsafeBytes(of: UInt64(sealed.count).littleEndian) { sealed.replaceSubrange(sizeRange, with: $0) }
        sealed.replaceSubrange(digestRange, with: [UInt8](repeating: 0, count: digestRange.count))
        sealed.replaceSubrange(digestRange, with: SHA256Digest(of: sealed).bytes)
        if let engine = engine(sealed) { use(engine) }
        return 0
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        var bytes = bytes
        bytes.replaceSubrange(digestRange, with: [UInt8](repeating: 0, count: digestRange.count))
        return SHA256Digest(of: bytes).description
    }

    private static func engine(_ bytes: [UInt8]) -> PolicyEngine? {
        do throws(BundleError) { return try PolicyEngine(try PolicyBundle(bytes: bytes)) } catch { return nil }
    }

    /// Reads everything, and decides.
    private static func use(_ engine: PolicyEngine) {
        let bundle = engine.bundle
        for index in 0..<bundle.count(.strx) - 1 { _ = bundle.findSubject(bundle.string(index), isServiceAccount: false) }
        for index in 0..<bundle.count(.valu) { _ = bundle.value(index) }
        for index in 0..<bundle.count(.srce) { _ = bundle.source(index) }
        let session = DecisionSession(engine)
        let trace = DecisionTrace(engine)
        for isTraced in [false, true] {
            session.trace = isTraced ? trace : nil
            for request in FuzzWorld.requests {
                Array(request.utf8).withUnsafeBytes { bytes in
                    do throws(RequestError) { try session.decode(bytes, now: FuzzWorld.now) } catch { return }
                    session.decide()
                    _ = session.json(id: "x")
                }
            }
        }
        _ = Explanation(trace).json
    }
}
