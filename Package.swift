// swift-tools-version: 6.2
import PackageDescription

// Imports go down only: a target depends on floors below its own. Floor 1 modules are each usable alone.
let strict: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error)]

let package = Package(
    name: "charter",
    products: [
        .executable(name: "charter", targets: ["charter"]),
        .library(name: "CEL", targets: ["CEL"]),
        .library(name: "PolicyEngine", targets: ["PolicyEngine"]),
        .library(name: "BundleFollowing", targets: ["BundleFollowing"]),
        .library(name: "CharterClient", targets: ["CharterClient", "JSON"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.0.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // Floor 0: system libraries.
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CLibCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "CAllocationCount"),
        .target(name: "CCycleCounter"),
        .target(name: "CPrefetch"),

        // Floor 1: tools that know nothing of governance.
        .target(name: "Digest", dependencies: ["CLibCrypto"], swiftSettings: strict),
        .target(name: "Compression", dependencies: ["CLibZ"], swiftSettings: strict),
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "Webhooks", dependencies: ["CLibCurl", "Digest"], swiftSettings: strict),
        .target(name: "Downloads", dependencies: ["CLibCurl"], swiftSettings: strict),
        .target(name: "Uploads", dependencies: ["CLibCurl", "Compression", "Downloads"], swiftSettings: strict),
        .target(name: "OpenTelemetry", dependencies: ["JSON"], swiftSettings: strict),
        .target(
            name: "ServerLog", dependencies: ["JSON", "Waiting", .product(name: "Logging", package: "swift-log")], swiftSettings: strict),
        .target(name: "Patterns", swiftSettings: strict),
        .target(name: "Conditions", dependencies: ["JSON"], swiftSettings: strict),
        .target(name: "Waiting", swiftSettings: strict),
        .target(name: "Files", swiftSettings: strict),
        .target(name: "Spool", swiftSettings: strict),
        .target(name: "YAML", dependencies: ["CLibYAML"], swiftSettings: strict),
        .target(name: "CEL", dependencies: ["CRE2"], swiftSettings: strict),
        .target(name: "CELConformance", dependencies: ["CEL"], swiftSettings: strict),
        .target(name: "CELBenchmark", dependencies: ["CAllocationCount", "CEL"], swiftSettings: strict),
        .target(name: "CELWorkbench", dependencies: ["CEL", "CELConformance", "JSON"], swiftSettings: strict),
        .target(name: "Git", dependencies: ["CLibGit2"], swiftSettings: strict),
        .target(name: "Postgres", dependencies: ["CLibPQ"], swiftSettings: strict),
        .target(name: "Diagnostics", dependencies: ["Digest", "JSON"], swiftSettings: strict),
        .target(name: "Signing", dependencies: ["CLibCrypto", "Digest", "JSON"], swiftSettings: strict),
        .target(name: "CommitSignatures", dependencies: ["CLibCrypto", "Digest", "Signing"], swiftSettings: strict),
        .target(
            name: "HTTPService",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"), "Waiting",
            ], swiftSettings: strict),

        .target(
            name: "HTTPLoad",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], swiftSettings: strict),

        // What programs ask a server with.
        .target(
            name: "CharterClient",
            dependencies: [
                "JSON", .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),

        // Floor 2: the kinds, typed.
        .target(
            name: "GovernanceModel", dependencies: ["CEL", "Diagnostics", "Digest", "Files", "Git", "JSON", "Patterns", "YAML"],
            swiftSettings: strict),

        // Floor 3: the binary format.
        .target(name: "PolicyBundle", dependencies: ["CEL", "CPrefetch", "Digest"], swiftSettings: strict),

        // Floor 4: model to bundle; bundle and request to decision; where a bundle comes from.
        .target(
            name: "PolicyCompiler",
            dependencies: ["CEL", "CommitSignatures", "Diagnostics", "GovernanceModel", "JSON", "Patterns", "PolicyBundle"],
            swiftSettings: strict),
        .target(name: "PolicyEngine", dependencies: ["CEL", "CPrefetch", "JSON", "Patterns", "PolicyBundle"], swiftSettings: strict),
        .target(name: "BundleProvenance", dependencies: ["Digest", "JSON", "PolicyBundle", "Signing"], swiftSettings: strict),
        .target(
            name: "BundleFollowing",
            dependencies: [
                "BundleProvenance", "Digest", "Downloads", "Files", "JSON", "PolicyBundle", "PolicyEngine", "Signing", "Waiting",
            ],
            swiftSettings: strict),

        .target(
            name: "PolicyTesting",
            dependencies: ["CEL", "Diagnostics", "GovernanceModel", "JSON", "PolicyBundle", "PolicyCompiler", "PolicyEngine"],
            swiftSettings: strict),
        .target(
            name: "ChangePlan",
            dependencies: ["CEL", "GovernanceModel", "JSON", "Patterns", "PolicyBundle", "PolicyEngine"], swiftSettings: strict),
        .target(
            name: "DecisionReplay",
            dependencies: ["CEL", "Compression", "Diagnostics", "JSON", "PolicyBundle", "PolicyEngine"], swiftSettings: strict),
        .target(
            name: "DecisionBenchmark",
            dependencies: [
                "CAllocationCount", "CCycleCounter", "DecisionReplay", "Diagnostics", "GovernanceModel", "JSON", "PolicyBundle",
                "PolicyCompiler", "PolicyEngine",
            ], swiftSettings: strict),

        .target(
            name: "Starter", dependencies: ["GovernanceModel", "JSON"], resources: [.embedInCode("Files")], swiftSettings: strict),

        // Floor 5: state in Postgres.
        .target(
            name: "Reconciler", dependencies: ["Diagnostics", "Digest", "GovernanceModel", "JSON", "Postgres"],
            resources: [.embedInCode("Migrations"), .embedInCode("SQL")], swiftSettings: strict),

        .target(
            name: "DecisionLog",
            dependencies: ["Downloads", "JSON", "OpenTelemetry", "Postgres", "Spool", "Uploads", "Waiting"],
            resources: [.embedInCode("SQL")], swiftSettings: strict),
        // Floor 5: who may call.
        .target(
            name: "CallerAccess",
            dependencies: [
                "Diagnostics", "Digest", "Downloads", "Files", "JSON", "Postgres", "Signing", "Waiting",
                .product(name: "JWTKit", package: "jwt-kit"),
            ], resources: [.embedInCode("SQL")], swiftSettings: strict),

        // Floor 6: HTTP in front of the engine, and what drives everything.
        .target(
            name: "EnforcementServer",
            dependencies: [
                "CallerAccess", "Compression", "Conditions", "DecisionLog", "HTTPService", "JSON", "PolicyBundle", "PolicyEngine",
                "Postgres", "Reconciler", "ServerLog", "Webhooks", "YAML",
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ], resources: [.embedInCode("Documents")], swiftSettings: strict),
        .target(
            name: "ControlPlane",
            dependencies: [
                "BundleFollowing", "BundleProvenance", "CEL", "CallerAccess", "ChangePlan", "CommitSignatures", "Conditions", "DecisionLog",
                "Diagnostics", "Downloads", "EnforcementServer", "Files", "Git", "GovernanceModel", "HTTPLoad", "HTTPService", "JSON",
                "OpenTelemetry", "PolicyBundle", "PolicyCompiler", "PolicyEngine", "Postgres", "Reconciler", "ServerLog", "Signing",
                "Spool", "Starter", "Uploads",
                "Waiting",
                "Webhooks",
            ], swiftSettings: strict),

        // Floor 7: the command line.
        .executableTarget(
            name: "charter",
            dependencies: [
                "BundleFollowing", "CEL", "CELBenchmark", "CELConformance", "CELWorkbench", "CallerAccess", "ChangePlan", "Conditions",
                "ControlPlane", "DecisionBenchmark", "DecisionReplay", "Diagnostics", "EnforcementServer", "Git", "HTTPService",
                "GovernanceModel", "JSON", "Patterns", "PolicyBundle", "PolicyCompiler", "PolicyEngine", "PolicyTesting", "Reconciler",
                "ServerLog", "Starter",
                "Webhooks",
                .product(name: "Logging", package: "swift-log"), .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),

        // Tests.
        .testTarget(name: "CompressionTests", dependencies: ["Compression", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CallerAccessTests",
            dependencies: [
                "CallerAccess", "Diagnostics", "Digest", "HTTPService", "JSON", "TestSupport",
                .product(name: "JWTKit", package: "jwt-kit"), .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(name: "ConditionsTests", dependencies: ["Conditions", "JSON"], swiftSettings: strict),
        .testTarget(name: "DigestTests", dependencies: ["Digest"], swiftSettings: strict),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: strict),
        .testTarget(name: "WaitingTests", dependencies: ["Waiting"], swiftSettings: strict),
        .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SpoolTests", dependencies: ["Spool", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "DecisionLogTests",
            dependencies: ["DecisionLog", "Downloads", "JSON", "OpenTelemetry", "Postgres", "Reconciler", "Spool", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "PatternsTests", dependencies: ["Patterns"], swiftSettings: strict),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics", "JSON"], swiftSettings: strict),
        .testTarget(
            name: "GovernanceModelTests", dependencies: ["Diagnostics", "Git", "GovernanceModel", "JSON", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ChangePlanTests",
            dependencies: ["ChangePlan", "Diagnostics", "Git", "GovernanceModel", "JSON", "PolicyCompiler", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "PolicyBundleTests", dependencies: ["CEL", "Digest", "PolicyBundle"], swiftSettings: strict),
        .testTarget(
            name: "PolicyTestingTests",
            dependencies: ["Diagnostics", "GovernanceModel", "JSON", "PolicyBundle", "PolicyCompiler", "PolicyEngine", "PolicyTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "PolicyCompilerTests", dependencies: ["Diagnostics", "Git", "GovernanceModel", "JSON", "PolicyBundle", "PolicyCompiler"],
            exclude: ["Repositories"], swiftSettings: strict),
        .testTarget(
            name: "PolicyEngineTests",
            dependencies: [
                "ChangePlan", "DecisionReplay", "Digest", "GovernanceModel", "JSON", "PolicyBundle", "PolicyCompiler", "PolicyEngine",
                "PolicyTesting",
            ],
            exclude: ["Cases", "Searches"], swiftSettings: strict),
        .testTarget(
            name: "DecisionReplayTests",
            dependencies: [
                "Compression", "DecisionReplay", "Diagnostics", "GovernanceModel", "JSON", "PolicyBundle", "PolicyCompiler", "PolicyEngine",
            ], swiftSettings: strict),
        .testTarget(name: "CommitSignaturesTests", dependencies: ["CommitSignatures", "Digest", "Signing"], swiftSettings: strict),
        .testTarget(name: "SigningTests", dependencies: ["JSON", "Signing"], swiftSettings: strict),
        .testTarget(
            name: "BundleProvenanceTests",
            dependencies: ["BundleProvenance", "Digest", "GovernanceModel", "JSON", "PolicyBundle", "PolicyCompiler", "Signing"],
            swiftSettings: strict),
        .testTarget(
            name: "BundleFollowingTests",
            dependencies: [
                "BundleFollowing", "BundleProvenance", "Downloads", "EnforcementServer", "GovernanceModel", "HTTPService", "JSON",
                "PolicyBundle", "PolicyCompiler", "PolicyEngine", "Signing", "TestSupport",
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: strict),
        .testTarget(name: "CELTests", dependencies: ["CEL", "CELConformance"], swiftSettings: strict),
        .testTarget(name: "GitTests", dependencies: ["Git", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HTTPServiceTests",
            dependencies: [
                "HTTPService", .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"), "TestSupport",
            ], swiftSettings: strict),
        .testTarget(name: "CommitTrustTests", dependencies: ["ControlPlane", "Git", "GovernanceModel"], swiftSettings: strict),
        .testTarget(name: "WebhooksTests", dependencies: ["Digest", "TestSupport", "Webhooks"], swiftSettings: strict),
        .testTarget(
            name: "ReconcilerTests",
            dependencies: [
                "CallerAccess", "ControlPlane", "Digest", "EnforcementServer", "Git", "JSON", "Postgres", "Reconciler", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EnforcementServerTests",
            dependencies: [
                "BundleFollowing", "CallerAccess", "EnforcementServer", "GovernanceModel", "HTTPService", "JSON", "PolicyBundle",
                "PolicyCompiler", "PolicyEngine", "TestSupport", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: strict),
        // What tests of the whole program share: the program as a process, repositories, servers.
        .target(
            name: "TestSupport",
            dependencies: ["Compression", "JSON", "Postgres", "Reconciler", .product(name: "JWTKit", package: "jwt-kit")],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "ThreadTests", dependencies: ["charter", "Compression", "Digest", "JSON", "Postgres", "TestSupport", "Webhooks"],
            swiftSettings: strict),
        .testTarget(
            name: "CharterClientTests", dependencies: ["charter", "CharterClient", "JSON", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "FaultTests", dependencies: ["charter", "CharterClient", "HTTPLoad", "JSON", "Postgres", "TestSupport"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// Fuzzers are built apart, with a compiler flag that every module needs: see `make fuzz`.
if Context.environment["CHARTER_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzing", path: "Tests/CFuzzing"),
        .executableTarget(
            name: "charter-fuzz",
            dependencies: ["CFuzzing", "Digest", "GovernanceModel", "JSON", "PolicyBundle", "PolicyCompiler", "PolicyEngine"],
            path: "Tests/Fuzzing", swiftSettings: strict),
    ]
}
