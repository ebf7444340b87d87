import CFuzzing
import Foundation

/// Mutated bundles and requests, by libFuzzer. `make fuzz` builds and runs it.
///
///     charter-fuzz seed FOLDER             writes the inputs to begin with: FOLDER/bundle, FOLDER/request
///     charter-fuzz pack FOLDER             prints the files of a folder as `Tests/Corpus/requests.base64` holds them
///     charter-fuzz bundle|request [ARGS]   fuzzes; ARGS are libFuzzer's
@main struct Fuzzing {
    static func main() throws {
        var arguments = CommandLine.arguments
        guard arguments.count > 1 else { exit(64) }
        // Processes that libFuzzer starts itself (`-merge=1`, `-fork=2`) get its arguments alone.
        let variable = "CHARTER_FUZZ_TARGET"
        let inherited = arguments[1].hasPrefix("-") ? ProcessInfo.processInfo.environment[variable] : nil
        let target = inherited ?? arguments.remove(at: 1)
        setenv(variable, target, 1)
        switch target {
        case "seed" where arguments.count == 2: try FuzzWorld.writeSeeds(arguments[1])
        case "pack" where arguments.count == 2: print(try FuzzWorld.pack(arguments[1]), terminator: "")
        case "bundle": run(arguments) { data, size in BundleFuzzing.input(UnsafeRawBufferPointer(start: data, count: size)) }
        case "request": run(arguments) { data, size in RequestFuzzing.input(UnsafeRawBufferPointer(start: data, count: size)) }
        default: exit(64)
        }
    }

    private static func run(_ arguments: [String], _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var count = CInt(arguments.count)
        let status = pointers.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return LLVMFuzzerRunDriver(&count, &start, callback)
        }
        exit(status)
    }
}

/// Ends the process where something holds that must never: libFuzzer keeps the input.
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
    if holds { return }
    FileHandle.standardError.write(Data((what() + "\n").utf8))
    abort()
}
