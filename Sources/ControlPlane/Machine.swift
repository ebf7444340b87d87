import Foundation
import JSON

/// The machine on which something was measured.
enum Machine {
    static var description: JSONValue {
        [
            "cores": .int(Int64(ProcessInfo.processInfo.activeProcessorCount)),
            "memoryGiB": .int(Int64(ProcessInfo.processInfo.physicalMemory >> 30)), "processor": .string(processor),
            "system": .string(ProcessInfo.processInfo.operatingSystemVersionString), "build": .string(build),
        ]
    }

    private static var processor: String {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}
