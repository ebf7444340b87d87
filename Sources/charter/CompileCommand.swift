import ArgumentParser
import ControlPlane
import JSON
import PolicyBundle

struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Compile a commit into a bundle. The same commit gives the same bytes, on every machine.")

    @OptionGroup var repository: RepositoryOptions

    @Option(name: .shortAndLong, help: "The file that the bundle is written to.")
    var output: String

    @Option(name: .long, help: "Sign the bundle with the private key in this file; give it again for a further signature.")
    var signKey: [String] = []

    @Option(name: .long, help: "The file that the signature is written to; `OUTPUT.dsse.json` by default.")
    var signature: String?

    @OptionGroup var format: FormatOption

    func validate() throws {
        if signature != nil, signKey.isEmpty { throw ValidationError("--signature needs --sign-key to sign with") }
    }

    func run() throws {
        try Terminal.run {
            let signing = try BundleSigning(keys: signKey, signature: signature, bundle: output)
            let compiled = try repository.compile()
            if format.format == .human {
                Terminal.findings(compiled.diagnostics.filter { $0.severity > .note }, sources: compiled.snapshot.sources, to: 2)
            }
            guard let bytes = compiled.bundle else {
                if format.format == .json { Terminal.out(["compiled": false, "diagnostics": .array(compiled.diagnostics.map(\.json))]) }
                throw ControlError(
                    .input, "commit \(compiled.commit.id) has errors, no bundle was written (\(compiled.diagnostics.counts))")
            }
            let bundle = try PolicyBundle(bytes: bytes)
            // The signature first: no bundle is left behind that was to be signed and is not.
            try signing?.sign(bundle, bytes: bytes)
            try AtomicFile.write(bytes, to: output)
            switch format.format {
            case .human:
                Terminal.out(
                    "\(output): \(bytes.count) bytes, \(compiled.snapshot.governance.count) documents of commit \(compiled.commit.id)")
                Terminal.out("sha256:\(bundle.digest)")
                if let signing { Terminal.out("\(signing.path): signed with \(signing.keyIDs.joined(separator: ", "))") }
            case .json:
                var object: JSONObject = [
                    "compiled": true, "file": .string(output), "bytes": .int(Int64(bytes.count)),
                    "digest": .string("sha256:\(bundle.digest)"),
                    "commit": .string(compiled.commit.id.description), "documents": .int(Int64(compiled.snapshot.governance.count)),
                    "diagnostics": .array(compiled.diagnostics.map(\.json)),
                ]
                if let signing { object["signature"] = ["file": .string(signing.path), "keyids": JSONValue(signing.keyIDs)] }
                Terminal.out(.object(object))
            }
        }
    }
}
