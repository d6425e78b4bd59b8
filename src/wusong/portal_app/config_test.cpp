// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/config.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace wusong::portal_app {
namespace {

class PortalConfigTest : public testing::Test {
 protected:
  PortalConfigTest() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~PortalConfigTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& text, unsigned mode) {
    const auto file = folder_ / name;
    std::ofstream{file} << text;
    ::chmod(file.c_str(), mode);
    return file;
  }
  static std::string provider(const std::string& more) {
    return "[[providers]]\nid = \"gov\"\nissuer = \"https://sso.example.cn\"\nclient_id = "
           "\"portal\"\n"
           "label_zh = \"统一身份认证\"\n" +
           more;
  }
  Outcome<PortalConfig> load(const std::string& more) {
    return load_portal_config(
        write("portal.toml", "rules = \"r\"\ncontracts = \"c\"\n" + more, 0644));
  }
  /// What is said of settings that are refused.
  std::string refusal(const std::string& more) {
    const auto loaded = load(more);
    return loaded ? "" : loaded.error().detail;
  }

  std::filesystem::path folder_;
};

TEST_F(PortalConfigTest, TheExampleIsAccepted) {
  EXPECT_TRUE(load_portal_config(write("portal.toml", portal_config_example(), 0644)));
}

TEST_F(PortalConfigTest, ASecretComesFromAFileThatOnlyItsOwnerReads) {
  write("gov.secret", "s3cret\n", 0600);
  const auto loaded = load(provider("client_secret_file = \"gov.secret\"\n"));
  ASSERT_TRUE(loaded) << loaded.error().detail;
  ASSERT_EQ(loaded->providers.size(), 1u);
  EXPECT_EQ(loaded->providers[0].client_secret, "s3cret");
  EXPECT_EQ(loaded->providers[0].scope, "openid profile email");
  EXPECT_FALSE(loaded->providers[0].real_name);
  for (const unsigned mode : {0640u, 0604u, 0644u}) {
    write("gov.secret", "s3cret\n", mode);
    EXPECT_NE(refusal(provider("client_secret_file = \"gov.secret\"\n")).find("chmod 600"),
              std::string::npos)
        << mode;
  }
  EXPECT_NE(refusal(provider("client_secret_file = \"missing\"\n")).find("cannot be read"),
            std::string::npos);
  write("empty", "\n", 0600);
  EXPECT_NE(refusal(provider("client_secret_file = \"empty\"\n")).find("is empty"),
            std::string::npos);
  EXPECT_TRUE(load(provider(""))->providers[0].client_secret.empty()) << "a public client";
}

TEST_F(PortalConfigTest, ASecretComesFromSystemdToo) {
  write("gov", "from systemd\n", 0440);
  ::unsetenv("CREDENTIALS_DIRECTORY");
  const std::string with = provider("client_secret_credential = \"gov\"\n");
  EXPECT_NE(refusal(with).find("LoadCredential=gov"), std::string::npos);
  ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
  const auto loaded = load(with);
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded->providers[0].client_secret, "from systemd");
  EXPECT_FALSE(load(provider("client_secret_credential = \"../gov\"\n")));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(PortalConfigTest, ProvidersThatCannotWorkAreRefusedByName) {
  EXPECT_NE(refusal(provider("client_secret = \"x\"\n")).find("unknown key \"client_secret\""),
            std::string::npos)
      << "no secret in the settings themselves";
  EXPECT_NE(refusal(provider("") + provider("")).find("two [[providers]]"), std::string::npos);
  EXPECT_NE(refusal(provider("scope = \"email\"\n")).find("\"gov\""), std::string::npos);
  EXPECT_NE(refusal("[[providers]]\nid = \"a\"\n").find("issuer"), std::string::npos);
  EXPECT_FALSE(refusal("providers = 1\n").empty());
}

}  // namespace
}  // namespace wusong::portal_app
