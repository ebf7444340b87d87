import HTTPService
import JSON
import NIOCore
import PolicyEngine

/// Decisions as the standard has them (Authorization API 1.0 §6, §7).
struct AuthZENEvaluations: Sendable {
    /// Evaluations in one request.
    static let most = 1000

    let service: DecisionService

    /// `POST /access/v1/evaluation`.
    func one(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        answer(request) { body, entry throws(RequestError) in
            try single(body, by: entry, DecisionService.Call(request, caller, path: AuthZENPath.evaluation))
        }
    }

    /// `POST /access/v1/evaluations`.
    func many(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        answer(request) { body, entry throws(RequestError) in
            let call = DecisionService.Call(request, caller, path: AuthZENPath.evaluations)
            guard let batch = try counted({ () throws(RequestError) in try AuthZENBatch(body, most: Self.most) }) else {
                return try single(body, by: entry, call)
            }
            return all(batch, by: entry, call)
        }
    }

    /// What is found before there is anything to be decided is counted here; else where it is decided.
    private func counted<Value>(_ read: () throws(RequestError) -> Value) throws(RequestError) -> Value {
        do throws(RequestError) {
            return try read()
        } catch {
            service.metrics.badRequests.increment()
            throw error
        }
    }

    private func answer(
        _ request: HTTPRequest, body: (UnsafeRawBufferPointer, BundleStore.Entry) throws(RequestError) -> ByteBuffer
    ) -> HTTPResponse {
        guard let entry = service.store.current else { return EnforcementServer.unavailable() }
        if let refusal = request.badRequestUnlessJSON() {
            service.metrics.badRequests.increment()
            return refusal
        }
        return request.body.withUnsafeReadableBytes { bytes in
            do throws(RequestError) {
                return HTTPResponse(headers: ["Content-Type": "application/json"], body: try body(bytes, entry))
            } catch {
                return .badRequest(error)
            }
        }
    }

    private func single(
        _ body: UnsafeRawBufferPointer, by entry: BundleStore.Entry, _ call: DecisionService.Call
    ) throws(RequestError) -> ByteBuffer {
        var out = ByteBuffer()
        try service.decide(body, by: entry, call) { Self.write($0, to: &out) }
        return out
    }

    private func all(_ batch: AuthZENBatch, by entry: BundleStore.Entry, _ call: DecisionService.Call) -> ByteBuffer {
        var out = ByteBuffer(string: "{\"evaluations\":[")
        for number in batch.evaluations.indices {
            if number > 0 { out.writeStaticString(",") }
            var isAllowed = false
            do throws(RequestError) {
                let request = try counted { () throws(RequestError) in try batch.request(number) }
                let result = request.withUnsafeBytes { bytes -> Result<Void, RequestError> in
                    do throws(RequestError) {
                        try service.decide(bytes, by: entry, call) {
                            isAllowed = $0.isAllowed
                            Self.write($0, to: &out)
                        }
                        return .success(())
                    } catch {
                        return .failure(error)
                    }
                }
                try result.get()
            } catch {
                Self.write(error, number, to: &out)
            }
            if batch.semantic.ends(with: isAllowed) { break }
        }
        out.writeStaticString("]}")
        return out
    }

    /// A decision: what explains it goes into its context.
    private static func write(_ decided: DecisionService.Decided, to out: inout ByteBuffer) {
        out.writeStaticString(
            decided.isAllowed ? "{\"decision\":true,\"context\":{\"id\":\"" : "{\"decision\":false,\"context\":{\"id\":\"")
        _ = decided.id.withText { out.writeBytes($0) }
        out.writeStaticString("\"")
        out.writeBytes(decided.rest)
        out.writeStaticString("}")
    }

    /// An evaluation that is none is denied, and says why (§7.2.1).
    private static func write(_ error: RequestError, _ number: Int, to out: inout ByteBuffer) {
        let value: JSONValue = [
            "decision": false,
            "context": [
                "error": [
                    "status": 400, "message": .string(error.description), "pointer": .string("/evaluations/\(number)\(error.pointer)"),
                ]
            ],
        ]
        out.writeBytes(JSONWriter.bytes(value))
    }
}
