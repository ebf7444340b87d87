import Diagnostics
import Testing

@Suite struct RandomTextTests {
    /// Made by a generator of random numbers for this test: letters and digits, base 32, base 64 of both alphabets, hexadecimal; then within
    /// other text. None was ever a credential.
    static let random = [
        "ECcNQf2suOoOOsgAwpIYiIP9K2zzSxxn",
        "F1eKUpTXYgwMzqHxqcAsblDvliin8NvY",
        "40XDNXvzMWKYCBf1BTHaFiMPMcImI4Jf",
        "APXrSLU0FhEQBKuzK8UXgrsqlvYQqGL9TMkn",
        "wnJNH6nysbCjCwBZWJOBrUgazX5M4W4Nc8OHuiXz",
        "Sj9Cofgi4WZr1LcdOc0ND0UaJdiZqlOOYGmHkeF7",
        "Cqurdb5w2HYItbI9C9wXsPYeZW2qgwPzEkgu70fENG6",
        "mUMaatI5bDOkSWPJ42J2A0VepElDtJpJP8it5yTDrm7I",
        "35wMkMp4t3skn2H7sCB2jZ5uK8pRA2pocvvDvkzkdfPBScRT",
        "aQES2kQU8KhDetUPPDABkRQlOh2f5QjRJDRZUmaS35YKFUVeYwL4IQ9FMVWMk0Oz",
        "WDKQJACTVNR9wEchSXmmtS0UCeKgicXs7aDOulnUUIqBtAUm8SscuzM2fwc3gsTI",
        "G02FE2xNh4yblVdHnOm27ZrE2ke02Ne6gfEHUZIGUdIKSxr2Hv9Y1v9UF8kF6JMvBiTCMbkAhGdOTUXcMILJFb",
        "ix8v1w4xq2tgf7g6577wuppcr5o551f3",
        "nabr3ftw7e3mitm3971va5vr2gjzsja3kj4c",
        "s7ni1x6fze9777wga8yz77ccmoqqct3w5oq6do1r",
        "epk1nsc5ryfkrus68whcioaajnd3aq9aqp9k9sxssm8kh5u9",
        "t5n2w4mnw4r0doycswp6dvfposbtmbbpae7e281i3w7o1hux92m7vtpz3wu47qqu",
        "I99K7W3NBDV6A2BSSK7N3C9H9CURDQEY",
        "889G40PTB9CUPSI60AEABW4R39S1R8Y6KMA2",
        "SY3XD7LJIFNCIH95YADBNB9G9NFIMAGG5QHNMRL6K0P50XPJ",
        "E9EKL94HV6S1IZFMVPRA8SNVR6Y3KX6J4L200XG2DEMU51FNDBOAHKMI2N0CEG9W",
        "NTEJ7UWXRPLUMGLYFF5653FP5WLQW47V",
        "5TKVHPS66OTBXN6MPNPFDG5BR5VBHH3OFLYMYIAE",
        "GEDO7MCFZFL2M4C4RZWOGOY5JQDL5DUGLML5N4WPKZ52NC5LWBTZ",
        "DTYCCRXWF5UMKTMPHWOGZIOBM3WMNXN6C2CWRZZLIH3NAVJ22PLHCN4N",
        "oXfrZqQusKVeUlvBVfnwKbPtoGyEpDHC",
        "cqGwCRwqhHClXyNvYCLnBFrLZGKtMSITTWJbntGv",
        "NvoqiMSyoMiDcOvjlBxlZSsGvDLlnQEtSTXmHfOdMLQYynkUHJqYpVhXWvPSlyNN",
        "rsgpixylsmjjpqjvpgedxrbkpokyzelolemp",
        "cbvadyjhtgergjjjabcsvozhzjvxsfmyuhwkcpfv",
        "ybcvgtapgnwysggmvopcfqegaduvgmdkkyqjkothtlykcybm",
        "WDSp5dxgKXQGlv+0r1F7MLt8B4WcN/6l",
        "0tp2/X7Bv0gDpLJWG2GlovBHPO5U8peEdZog",
        "cs7A4hi/CoAKR3tT4OOxg8edqeAYacNT8CnwxlZrTAg=",
        "OaKMa2Dc2+GV+5cOoXg1NslbDVo0KeDLVzI2TBlUed4d",
        "04bHO/j025TpX5KY3UxfH/6gOzOfj10ukS/9Ad18gQApQATV",
        "lB1JE8+A+EdwardrtkTciDJ8VCQCezSPSyat+E4xoubiTP0iIf+VLPURlcbKlEd4",
        "oj/zl6WnKiwCYMFhbIPtkrZ4WaizHXLK25RnqebsVaca3gCjTNe9Kv5uLsj9wn4Luz8M2CVAmbaX0anUgNOlkA==",
        "kAfSyiq_QGRgLILQtp5OwC0cLGRB1dyP",
        "k9i-E06D0tWn56DBhXjpi18tUnQSOKRpsoch",
        "Skt2o6AKgAW_nAey5Eq9PG_MRlDt-rTx4T-XDdfi",
        "rGkAXLHU4mDOoNxTfx9_3Rvb1JQwdAcBV-raORozypw",
        "oJdGgO1taeaRhUhYVkxp1JZBMXILvrj8UjptWt_GkfX6IdDr",
        "l0FqxPJhaY1lVFZc-mXHUVaZfLUlw62-GMVlVrIbEB6eZ1fJDHPhYT_Ioq4e2TMd",
        "0NGX33uOXf7pcUB-4cMbpsPeW33A78xePKBkpIn5W-CJPPF6eihUy7t7Putv3sjc42GbERxhYLfP_BS2kWfcSg",
        "b4c54cdda795e872d30bb40aaf981451",
        "11e57017df65f657070374e52ccd9592",
        "6e303a70a752d1049d3dea92dece051e",
        "cbfba0526e4e2bc839b17c49b45c583ed6",
        "2641cdfeb121077c8427afb29ed3a40fe156",
        "8aa938a6c551dd26082e1bdc23f28709f00175a6ef06c7e9",
        "07a6503096c4dc68f7217c361024ef9bb9c1eba4047eefa4",
        "7cb1a476c62a750fd6c59848fdb856d2043eb00f05a37b6b92",
        "305a90c844bde2834b38a7e50cd9fcfb457cde877f1368d62701c668bf6d",
        "a6ee69bd84fc8b333d895454f7a95816ee9e13cdca51299443fbaf3d61143ceec060edeb7e4845d8",
        "F311CA6B917B197F306EBA094F972586",
        "F79408A95E085D96CA02F7DAD4AA97F494F93FB4AFDDF4DA",
        "the token is NwKDhbBD9Ot2OQvqzuwF437JkPUL6jMyh7arNlDQ.",
        "password=nu0rp9MoZUKJWEJwJ01UfPBxGUENTdyBfiZUnL5w",
        "Bearer iQcBYwWqzDk8gRC6jPGREejtAOP08o8vZFK2gENH",
        "curl -H 'X-Key: rshRUDrpr6JdIpUcmg0bm36QP8gVjou32l0JDmp3' https://acme.example",
        "user:3GLImCiKKEKjdFTkuezJOYqxsb2p50yQAWfemAlE@host",
        "Q9FY31ZyEoQElDwArFo4x0WkBVfdFmi5MJj4XBTV (do not share)",
        "AccountKey=j3m26X4o8E0BWg8y2ukRpO3WktMwx25JkkhsOeiR;EndpointSuffix=core.windows.net",
        "'hWpxbp7YoPtbffmvIzN7vDvT2E8MVN46Rkxx9J3d'",
        "see https://hooks.acme.example/x?token=Zs0VkfZdNk2gOVZQzonzLS5QL8EEr7oW5lBc4cm3",
        "https://acme.example/files?sv=2024&sig=TDVtRIfO4TgXIFwoA0uwNJHZ30Cc3r9gIrHmBOq5",
        "key_4qOBIncwvEbr9CfsTVXW3pWFUTM41LdCMlAipeyw",
        "x-jKNuhkXcAN8MeXPpYzVRa2d1lou9KInuRzFqS2bd",
    ]

    @Test func `there are enough examples`() {
        #expect(Self.random.count >= 60 && Self.public.count >= 60)
    }

    @Test(arguments: random) func `a random text is found`(_ text: String) throws {
        let found = try #require(RandomText.find(in: text))
        #expect(found.count >= 32 && found.upperBound <= text.utf8.count)
    }

    /// Names, addresses, digests, identities and public keys.
    static let `public` = [
        "customer-data-needs-an-approval-by-a-second-person",
        "irreversible-tools-need-approval-outside-working-hours",
        "enterpriseCustomerDataProcessingAgreement",
        "openai/gpt-5.4-mini-2026-03-05-preview-extended",
        "meta-llama-3.1-405b-instruct-fp8-throughput",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "Qwen2.5-VL-72B-Instruct-GPTQ-Int8-128k-context",
        "mistral-small-24b-instruct-2501-awq-quantized",
        "stable-diffusion-3.5-large-turbo-fp16-tensorrt",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/research-and-development",
        "projects/acme-production-4711/locations/europe-west4/publishers/google/models",
        "/etc/charter/credentials/providers/anthropic-production",
        "AZURE_OPENAI_PRODUCTION_API_KEY_FILE_PATH",
        "ANTHROPIC_API_KEY_FOR_THE_RESEARCH_DEPARTMENT_2026",
        "subject.attributes.clearance in ['public', 'internal'] && context.dataClassification == 'confidential'",
        "https://acme.openai.azure.com/openai/deployments/gpt-4o-mini-2024-07-18/chat/completions",
        "https://docs.google.com/document/d/5toryi7oYb8jlmNHnc9tdxnMBBaMdou7GALNgRNKkfYz/edit",
        "https://github.com/acme/governance/commit/3de35c9feaeaacc58ab1f6d00a6d194d969991ae",
        "https://acme.example/a/sth3QKzzhiHjiCyqlgT14xhakfO44bnIqkxBCABMuD1tr7sj?page=2&sort=name",
        "https://acme.example/login?state=oAxUx7bhqeFsFygDoFL7QgnTVquElYfqKlNuXI5u",
        "https://hooks.acme.example/services/u2JZoLaKCqOPbW4PMSacAd60FtvU95OHVUiTwDah",
        "582dd42d96c3e5cada78fb062e35382d79d102e0",
        "362E9513B7D28FBBCC7E81F9ACAF540E7343D299",
        "b2f144d04b2476b8c9b7b6a33d2e63c0fbfb65197a6c763509d750b8",
        "7af1778a373f4f4982f65a1d339db407c813dee9517f7a9d009e107e6853fc7b",
        "bf128ac9db2335e99aed908a58cb642c7d64ef0a99f24dc6eb6d04a57d73e0a0",
        "de5f167f2d6582e5d6fd829ee012330e2701e9ef7555e61e398088f0c71a8cd9bafb50ed42606b670889f2ecc46e0eaa",
        "d85df345fd582adb0f0131b7daa6d91b56635dfea6e9ddbdbba1af894d56706295b7a18b10f7a826b39b44477cf4089e444cb64b8c6f6aead39784d0513b4be1",
        "commit b2164c31a4cef84ba1073c775a79047a5c28f299 by ada",
        "sha256:4a48a4afb2617552a458688335f8460ae1c2da5e6dc489ba73b5f4d6ac530ebe",
        "ghcr.io/acme/charter@sha256:ece8268a72ce81f74017eba3802452dfe66969823073841c06255f3ed0e7fd79",
        "SHA256:koNWaT+jAtbXh1Y1iN/XvPfECZtC0GxGl8AJngJp164",
        "sha256-kxL09xJDB7aZpibFLmYSgQFClQL2kKJYbsLdwoO5pGI=",
        "sha384-PmqgSlAYztlzgM2O5oU387uno6+WgUUzcGFG2EJBoXYCIkR7Rr4H1/BO0ER9MfEf",
        "sha512-obY0J8nnJWv+LwLIcYvLXTdJ+wQa7e9cDvGRktG1DMshD/6vx8K2jaQU0zdFgA6jXEHZM6Mryrj0fnXMKTtduw==",
        "md5:00c77c14dbc9fd82c3ef16e10fc55b28",
        "integrity: sha512-WRySNxYjUp9rJoWdfCYMpgTq85BdjAN+wi8oTbRcUvqYwvxOiOaXUKejd58bW0vsOzBZimgb2G89p1/GVszWFA==",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIs/oCDea0nBOCunKa6vtuHiWvm7CD3fKkl6BDPwx4SL8= ada@acme.example",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQbSgVeQfKyknX0DsSNbmP6ud1lZU74kd+wibSiz4Hd2/o0A5W+E2TNDU2VDVGmZO0JhQCUAaLt6xl0cPKoITwgQgpJ15cOwyQnVuysrpPPg4ESu0UcVFaOSdxu3WmXQvIueC2PNiSuviIE/sQ1STtK7xUV3MDIm1za/76Q8VYb+Zo3E1Lp7uRkWm3iNtdsNJzvjZg2iF+7qvv2CKgD/isHAKN+1SPLJ+bqrDCHiWd3telZ4tI5eh9v4kRUi7YJg==",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBmkF0fqpc3NSgrvz4FixpLIM+XoQlnVjLLYVt45M0l8yhw6hYOUljluHKAAgiKrkufccEh+nq2BU72hH1",
        "-----BEGIN CERTIFICATE-----\nMIID5r6RrItJgOmTgiVY6CUVtSXSlMzaRM4IFXW0Z+vP7ELIXO9u44v12r9ym7VvAxLCDhhYd69Y6bCkGKGPQVH/+VQ3PCo3AfjPJQVtVxGzLXgrh+BuVbi5MkLeYJuRGJBFd4CqDfsj7a6BhCzsnrIvF8ZzY/J7krGv\n5fhFbDefF1AtFSu+W3S9iOFheBgetX1o2AMijc+mCmNnaRBNwa+E1GxZlrFCoM4a\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJcUnCN8Fiw+hz6Lhi/sQw67NF/cCwFVJnXuqhVf1/l0=",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nK1VlLGQgkJHjeQ5/3aKPMGTDCsHH8TyMjnUBOgo7C8AXdq7GWFpRbQ1cg7BqZxxd",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgoGDbRk/20yLIfod8gTeKuyUIRO+fAhYT/KIq9F6vRseqHXukVmZB8w9wcL4QJQB98/qv3kfhowjTSbVfA5O+afGngJ9giQA8SPH/xG8sidMumZZrf2o7PeFr",
        "4A:6F:16:6C:A0:4B:6E:48:3D:87:C2:32:8C:8A:5B:DC:4E:CB:B6:1F:31:A7:A9:3B:35:4A:62:81:33:A5:55:8A",
        "be09864a-6a2e-49bd-bc29-3afd7c48b6af",
        "tenant 753f7600-baa3-4476-aead-9940e094effc in Azure",
        "/subscriptions/0a210172-da78-4ffa-a112-29a6afb77f58/resourceGroups/research",
        "urn:uuid:68064dbc-762f-4718-98f4-10b288c91272",
        "d54cb6b9-9987-4dd6-8f46-d5fb88f6690d-37f54d3e-2ef9-47a1-b3f3-e9c43fdeb02b",
        "0123456789012345678901234567890123456789",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1111",
        "================================================",
        "--------------------------------------------------",
        "2026-01-31T12:00:00.000000000+00:00/2026-02-28T12:00:00",
        "Donaudampfschifffahrtsgesellschaftskapitaensmuetze",
        "Rindfleischetikettierungsueberwachungsaufgabenuebertragungsgesetz",
        "pneumonoultramicroscopicsilicovolcanoconiosis",
        "llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch",
        "TheQuickBrownFoxJumpsOverTheLazyDogAndRunsAwayAgain",
        "internationalization_and_localization_requirements",
        "(?i)[a-z0-9]{32}|[A-Za-z0-9+/]{40}={0,2}|sk-[A-Za-z0-9_-]{20,}",
        "\\b(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|3[47][0-9]{13})\\b",
        "iso27001/A.5.12, iso27001/A.5.15, soc2/CC6.1, hipaa/164.502(e)(1)",
        "customer-success-and-support-emea@acme.example",
        "google-oauth2|103547991597142817347103547991597142817347",
        "cn=Ada Lovelace,ou=Research,ou=People,dc=acme,dc=example",
        "kubernetes.io/service-account.namespace/production-inference",
        "The request says nothing about the classification of its data; say public, internal, confidential or restricted.",
        "MaximumNumberOfConcurrentRequestsPerServiceAccount",
        "costCentreResearchAndDevelopmentBerlin4711",
    ]

    @Test(arguments: `public`) func `a name, an address, a digest or a public key is left alone`(_ text: String) {
        #expect(RandomText.find(in: text) == nil)
    }

    @Test func `only the random part is told`() throws {
        let token = Self.random[0]
        let found = try #require(RandomText.find(in: "the token is «\(token)», keep it"))
        #expect(String(decoding: Array("the token is «\(token)», keep it".utf8)[found], as: UTF8.self) == token)
    }

    @Test(.timeLimit(.minutes(20))) func `hostile text is looked at in reasonable time`() {
        _ = RandomText.find(in: String(repeating: "a1b2", count: 500_000))
        _ = RandomText.find(in: String(repeating: "-----BEGIN CERTIFICATE-----\n\(Self.random[0])\n", count: 5_000))
        _ = RandomText.find(in: String(repeating: "https://a/\(Self.random[0])", count: 5_000))
    }
}
