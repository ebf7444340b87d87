import HTTPService
import JSON
import NIOCore
import NIOHTTP1
import PolicyEngine

/// `/v1/data`, `/v0/data` and `/`.
struct OPADataEndpoint: Sendable {
    let service: DecisionService

    /// `POST /v1/data/{path}`: `{"input": …}` in, `{"result": …}` out.
    func post(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        var answer = OPAAnswer(request)
        if let refusal = refusalOfYAML(request) { return refusal }
        return request.body.withUnsafeReadableBytes { body in
            var input: UnsafeRawBufferPointer?
            do throws(RequestError) {
                if !body.allSatisfy(Self.isSpace) {
                    try RequestSlices.check(body)
                    input = try RequestSlices.members(body).first { $0.name == "input" }
                        .map { UnsafeRawBufferPointer(rebasing: body[$0.value]) }
                }
            } catch {
                service.metrics.badRequests.increment()
                return OPAError.malformed("body", error)
            }
            if input == nil { answer.warning = "'input' key missing from the request" }
            return respond(request, caller, input, in: "/input", &answer)
        }
    }

    /// `GET /v1/data/{path}?input=…`.
    func get(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        var answer = OPAAnswer(request)
        guard var text = request.queryValue("input") else { return respond(request, caller, nil, in: "", &answer) }
        return text.withUTF8 { text in
            let input = UnsafeRawBufferPointer(text)
            do throws(RequestError) {
                try RequestSlices.check(input)
            } catch {
                service.metrics.badRequests.increment()
                return OPAError.malformed("parameter", error)
            }
            return respond(request, caller, input, in: "", &answer)
        }
    }

    private func respond(
        _ request: HTTPRequest, _ caller: Caller, _ input: UnsafeRawBufferPointer?, in prefix: String, _ answer: inout OPAAnswer
    ) -> HTTPResponse {
        guard let entry = service.store.current else { return OPAError.unavailable }
        answer.parsed()
        let document = OPADocument(path: request.capture ?? "")
        do throws(RequestError) {
            if let input, document != .undefined {
                let result = try decide(input, document, request, caller, entry)
                answer.id = result.id
                answer.result = result.value
            }
            answer.evaluated()
            return answer.response(entry)
        } catch {
            return OPAError.invalidInput(error, in: prefix)
        }
    }

    /// `POST /v0/data/{path}`: the input itself in, the document itself out.
    func webhook(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse { raw(request, caller, request.capture ?? "") }

    /// `POST /`: the decision that is asked for by nobody who names one. It is a boolean, as an object might be taken for a yes.
    func main(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse { raw(request, caller, "charter/allow") }

    private func raw(_ request: HTTPRequest, _ caller: Caller, _ path: String) -> HTTPResponse {
        guard let entry = service.store.current else { return OPAError.unavailable }
        if let refusal = refusalOfYAML(request) { return refusal }
        let document = OPADocument(path: path)
        return request.body.withUnsafeReadableBytes { input in
            let isEmpty = input.allSatisfy(Self.isSpace)
            do throws(RequestError) {
                if !isEmpty { try RequestSlices.check(input) }
            } catch {
                service.metrics.badRequests.increment()
                return OPAError.malformed("body", error)
            }
            do throws(RequestError) {
                guard document != .undefined, !isEmpty,
                    let value = try decide(input, document, request, caller, entry).value
                else {
                    let name = (["data"] + path.split(separator: "/")).joined(separator: ".")
                    return OPAError.response(
                        .notFound, .undefinedDocument, "\(document == .undefined ? "document missing" : "document undefined"): \(name)")
                }
                return .json(OPAAnswer.styled(value, isPretty: request.isSet("pretty")))
            } catch {
                return OPAError.invalidInput(error, in: "")
            }
        }
    }

    private func decide(
        _ input: UnsafeRawBufferPointer, _ document: OPADocument, _ request: HTTPRequest, _ caller: Caller, _ entry: BundleStore.Entry
    ) throws(RequestError) -> (id: String, value: [UInt8]?) {
        let call = DecisionService.Call(request, caller, path: document.path)
        return try service.decide(input, by: entry, call) { ($0.id.text, document.value($0)) }
    }

    /// OPA takes YAML where a body is said to be; all else is JSON, whatever it is said to be.
    private func refusalOfYAML(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.header("Content-Type")?.lowercased().contains("yaml") == true else { return nil }
        return OPAError.response(.unsupportedMediaType, .invalidParameter, "the body must be JSON: YAML is not read here")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
}
