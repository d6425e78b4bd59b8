// SPDX-License-Identifier: Apache-2.0
// The isogenies behind BLS12-381's maps to the curve. Coefficients, lowest power first.
#pragma once

#include "wusong/pairing/internal/bls12_381.hpp"

/// @source RFC 9380, appendices E.2 (11-isogeny to G1's curve) and E.3 (3-isogeny to G2's curve)
namespace wusong::pairing::bls12_381 {

inline constexpr std::array<Fp, 12> kG1XNumerator{
    Fp::from_hex("11a05f2b1e833340b809101dd99815856b303e88a2d7005ff2627b56cdb4e2c85610c2d5f2e62d6ea"
                 "eac1662734649b7"),
    Fp::from_hex("17294ed3e943ab2f0588bab22147a81c7c17e75b2f6a8417f565e33c70d1e86b4838f2a6f318c356e"
                 "834eef1b3cb83bb"),
    Fp::from_hex("d54005db97678ec1d1048c5d10a9a1bce032473295983e56878e501ec68e25c958c3e3d2a09729fe0"
                 "179f9dac9edcb0"),
    Fp::from_hex("1778e7166fcc6db74e0609d307e55412d7f5e4656a8dbf25f1b33289f1b330835336e25ce3107193c"
                 "5b388641d9b6861"),
    Fp::from_hex("e99726a3199f4436642b4b3e4118e5499db995a1257fb3f086eeb65982fac18985a286f301e77c451"
                 "154ce9ac8895d9"),
    Fp::from_hex("1630c3250d7313ff01d1201bf7a74ab5db3cb17dd952799b9ed3ab9097e68f90a0870d2dcae73d19c"
                 "d13c1c66f652983"),
    Fp::from_hex("d6ed6553fe44d296a3726c38ae652bfb11586264f0f8ce19008e218f9c86b2a8da25128c1052ecadd"
                 "d7f225a139ed84"),
    Fp::from_hex("17b81e7701abdbe2e8743884d1117e53356de5ab275b4db1a682c62ef0f2753339b7c8f8c8f475af9"
                 "ccb5618e3f0c88e"),
    Fp::from_hex("80d3cf1f9a78fc47b90b33563be990dc43b756ce79f5574a2c596c928c5d1de4fa295f296b74e956d"
                 "71986a8497e317"),
    Fp::from_hex("169b1f8e1bcfa7c42e0c37515d138f22dd2ecb803a0c5c99676314baf4bb1b7fa3190b2edc0327797"
                 "f241067be390c9e"),
    Fp::from_hex("10321da079ce07e272d8ec09d2565b0dfa7dccdde6787f96d50af36003b14866f69b771f8c285decc"
                 "a67df3f1605fb7b"),
    Fp::from_hex("6e08c248e260e70bd1e962381edee3d31d79d7e22c837bc23c0bf1bc24c6b68c24b1b80b64d391fa9"
                 "c8ba2e8ba2d229")};

inline constexpr std::array<Fp, 11> kG1XDenominator{
    Fp::from_hex("8ca8d548cff19ae18b2e62f4bd3fa6f01d5ef4ba35b48ba9c9588617fc8ac62b558d681be343df899"
                 "3cf9fa40d21b1c"),
    Fp::from_hex("12561a5deb559c4348b4711298e536367041e8ca0cf0800c0126c2588c48bf5713daa8846cb026e9e"
                 "5c8276ec82b3bff"),
    Fp::from_hex("b2962fe57a3225e8137e629bff2991f6f89416f5a718cd1fca64e00b11aceacd6a3d0967c94fedcfc"
                 "c239ba5cb83e19"),
    Fp::from_hex("3425581a58ae2fec83aafef7c40eb545b08243f16b1655154cca8abc28d6fd04976d5243eecf5c413"
                 "0de8938dc62cd8"),
    Fp::from_hex("13a8e162022914a80a6f1d5f43e7a07dffdfc759a12062bb8d6b44e833b306da9bd29ba81f35781d5"
                 "39d395b3532a21e"),
    Fp::from_hex("e7355f8e4e667b955390f7f0506c6e9395735e9ce9cad4d0a43bcef24b8982f7400d24bc4228f11c0"
                 "2df9a29f6304a5"),
    Fp::from_hex("772caacf16936190f3e0c63e0596721570f5799af53a1894e2e073062aede9cea73b3538f0de06cec"
                 "2574496ee84a3a"),
    Fp::from_hex("14a7ac2a9d64a8b230b3f5b074cf01996e7f63c21bca68a81996e1cdf9822c580fa5b9489d11e2d31"
                 "1f7d99bbdcc5a5e"),
    Fp::from_hex("a10ecf6ada54f825e920b3dafc7a3cce07f8d1d7161366b74100da67f39883503826692abba437047"
                 "76ec3a79a1d641"),
    Fp::from_hex("95fc13ab9e92ad4476d6e3eb3a56680f682b4ee96f7d03776df533978f31c1593174e4b4b7865002d"
                 "6384d168ecdd0a"),
    Fp::from_hex("1")};

inline constexpr std::array<Fp, 16> kG1YNumerator{
    Fp::from_hex("90d97c81ba24ee0259d1f094980dcfa11ad138e48a869522b52af6c956543d3cd0c7aee9b3ba3c2be"
                 "9845719707bb33"),
    Fp::from_hex("134996a104ee5811d51036d776fb46831223e96c254f383d0f906343eb67ad34d6c56711962fa8bfe"
                 "097e75a2e41c696"),
    Fp::from_hex("cc786baa966e66f4a384c86a3b49942552e2d658a31ce2c344be4b91400da7d26d521628b00523b8d"
                 "fe240c72de1f6"),
    Fp::from_hex("1f86376e8981c217898751ad8746757d42aa7b90eeb791c09e4a3ec03251cf9de405aba9ec61deca6"
                 "355c77b0e5f4cb"),
    Fp::from_hex("8cc03fdefe0ff135caf4fe2a21529c4195536fbe3ce50b879833fd221351adc2ee7f8dc099040a841"
                 "b6daecf2e8fedb"),
    Fp::from_hex("16603fca40634b6a2211e11db8f0a6a074a7d0d4afadb7bd76505c3d3ad5544e203f6326c95a80729"
                 "9b23ab13633a5f0"),
    Fp::from_hex("4ab0b9bcfac1bbcb2c977d027796b3ce75bb8ca2be184cb5231413c4d634f3747a87ac2460f415ec9"
                 "61f8855fe9d6f2"),
    Fp::from_hex("987c8d5333ab86fde9926bd2ca6c674170a05bfe3bdd81ffd038da6c26c842642f64550fedfe935a1"
                 "5e4ca31870fb29"),
    Fp::from_hex("9fc4018bd96684be88c9e221e4da1bb8f3abd16679dc26c1e8b6e6a1f20cabe69d65201c78607a360"
                 "370e577bdba587"),
    Fp::from_hex("e1bba7a1186bdb5223abde7ada14a23c42a0ca7915af6fe06985e7ed1e4d43b9b3f7055dd4eba6f2b"
                 "afaaebca731c30"),
    Fp::from_hex("19713e47937cd1be0dfd0b8f1d43fb93cd2fcbcb6caf493fd1183e416389e61031bf3a5cce3fbafce"
                 "813711ad011c132"),
    Fp::from_hex("18b46a908f36f6deb918c143fed2edcc523559b8aaf0c2462e6bfe7f911f643249d9cdf41b44d606c"
                 "e07c8a4d0074d8e"),
    Fp::from_hex("b182cac101b9399d155096004f53f447aa7b12a3426b08ec02710e807b4633f06c851c1919211f20d"
                 "4c04f00b971ef8"),
    Fp::from_hex("245a394ad1eca9b72fc00ae7be315dc757b3b080d4c158013e6632d3c40659cc6cf90ad1c232a6442"
                 "d9d3f5db980133"),
    Fp::from_hex("5c129645e44cf1102a159f748c4a3fc5e673d81d7e86568d9ab0f5d396a7ce46ba1049b6579afb786"
                 "6b1e715475224b"),
    Fp::from_hex("15e6be4e990f03ce4ea50b3b42df2eb5cb181d8f84965a3957add4fa95af01b2b665027efec01c770"
                 "4b456be69c8b604")};

inline constexpr std::array<Fp, 16> kG1YDenominator{
    Fp::from_hex("16112c4c3a9c98b252181140fad0eae9601a6de578980be6eec3232b5be72e7a07f3688ef60c206d0"
                 "1479253b03663c1"),
    Fp::from_hex("1962d75c2381201e1a0cbd6c43c348b885c84ff731c4d59ca4a10356f453e01f78a4260763529e353"
                 "2f6102c2e49a03d"),
    Fp::from_hex("58df3306640da276faaae7d6e8eb15778c4855551ae7f310c35a5dd279cd2eca6757cd636f96f891e"
                 "2538b53dbf67f2"),
    Fp::from_hex("16b7d288798e5395f20d23bf89edb4d1d115c5dbddbcd30e123da489e726af41727364f2c28297ada"
                 "8d26d98445f5416"),
    Fp::from_hex("be0e079545f43e4b00cc912f8228ddcc6d19c9f0f69bbb0542eda0fc9dec916a20b15dc0fd2ededda"
                 "39142311a5001d"),
    Fp::from_hex("8d9e5297186db2d9fb266eaac783182b70152c65550d881c5ecd87b6f0f5a6449f38db9dfa9cce202"
                 "c6477faaf9b7ac"),
    Fp::from_hex("166007c08a99db2fc3ba8734ace9824b5eecfdfa8d0cf8ef5dd365bc400a0051d5fa9c01a58b1fb93"
                 "d1a1399126a775c"),
    Fp::from_hex("16a3ef08be3ea7ea03bcddfabba6ff6ee5a4375efa1f4fd7feb34fd206357132b920f5b00801dee46"
                 "0ee415a15812ed9"),
    Fp::from_hex("1866c8ed336c61231a1be54fd1d74cc4f9fb0ce4c6af5920abc5750c4bf39b4852cfe2f7bb9248836"
                 "b233d9d55535d4a"),
    Fp::from_hex("167a55cda70a6e1cea820597d94a84903216f763e13d87bb5308592e7ea7d4fbc7385ea3d529b35e3"
                 "46ef48bb8913f55"),
    Fp::from_hex("4d2f259eea405bd48f010a01ad2911d9c6dd039bb61a6290e591b36e636a5c871a5c29f4f83060400"
                 "f8b49cba8f6aa8"),
    Fp::from_hex("accbb67481d033ff5852c1e48c50c477f94ff8aefce42d28c0f9a88cea7913516f968986f7ebbea96"
                 "84b529e2561092"),
    Fp::from_hex("ad6b9514c767fe3c3613144b45f1496543346d98adf02267d5ceef9a00d9b8693000763e3b90ac11e"
                 "99b138573345cc"),
    Fp::from_hex("2660400eb2e4f3b628bdd0d53cd76f2bf565b94e72927c1cb748df27942480e420517bd8714cc80d1"
                 "fadc1326ed06f7"),
    Fp::from_hex("e0fa1d816ddc03e6b24255e0d7819c171c40f65e273b853324efcd6356caa205ca2f570f134978044"
                 "15473a1d634b8f"),
    Fp::from_hex("1")};

inline constexpr std::array<Fp2, 4> kG2XNumerator{
    Fp2{Fp::from_hex("5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c7"
                     "1c6238aaaaaaaa97d6"),
        Fp::from_hex("5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c7"
                     "1c6238aaaaaaaa97d6")},
    Fp2{Fp::from_hex("0"), Fp::from_hex("11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f"
                                        "20a4181472aaa9cb8d555526a9ffffffffc71a")},
    Fp2{Fp::from_hex("11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d5"
                     "55526a9ffffffffc71e"),
        Fp::from_hex("8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aa"
                     "aa9354ffffffffe38d")},
    Fp2{Fp::from_hex("171d6541fa38ccfaed6dea691f5fb614cb14b4e7f4e810aa22d6108f142b85757098e38d0f671"
                     "c7188e2aaaaaaaa5ed1"),
        Fp::from_hex("0")}};

inline constexpr std::array<Fp2, 3> kG2XDenominator{
    Fp2{Fp::from_hex("0"), Fp::from_hex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6"
                                        "b0f6241eabfffeb153ffffb9feffffffffaa63")},
    Fp2{Fp::from_hex("c"), Fp::from_hex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6"
                                        "b0f6241eabfffeb153ffffb9feffffffffaa9f")},
    Fp2{Fp::from_hex("1"), Fp::from_hex("0")}};

inline constexpr std::array<Fp2, 4> kG2YNumerator{
    Fp2{Fp::from_hex("1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92"
                     "f6812cfc71c71c6d706"),
        Fp::from_hex("1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92"
                     "f6812cfc71c71c6d706")},
    Fp2{Fp::from_hex("0"), Fp::from_hex("5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50"
                                        "ae15d5c2638e343d9c71c6238aaaaaaaa97be")},
    Fp2{Fp::from_hex("11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d5"
                     "55526a9ffffffffc71c"),
        Fp::from_hex("8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aa"
                     "aa9354ffffffffe38f")},
    Fp2{Fp::from_hex("124c9ad43b6cf79bfbf7043de3811ad0761b0f37a1e26286b0e977c69aa274524e79097a56dc4"
                     "bd9e1b371c71c718b10"),
        Fp::from_hex("0")}};

inline constexpr std::array<Fp2, 4> kG2YDenominator{
    Fp2{Fp::from_hex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153f"
                     "fffb9feffffffffa8fb"),
        Fp::from_hex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153f"
                     "fffb9feffffffffa8fb")},
    Fp2{Fp::from_hex("0"), Fp::from_hex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6"
                                        "b0f6241eabfffeb153ffffb9feffffffffa9d3")},
    Fp2{Fp::from_hex("12"), Fp::from_hex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f"
                                         "6b0f6241eabfffeb153ffffb9feffffffffaa99")},
    Fp2{Fp::from_hex("1"), Fp::from_hex("0")}};

}  // namespace wusong::pairing::bls12_381
