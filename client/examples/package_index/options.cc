#include "client/examples/package_index/options.h"

#include <CLI/CLI.hpp>

namespace kvick::package_index {
namespace {

// What CLI11 fills in before it is checked.
struct Raw {
  Options options;
  TlsOptions tls = {};
  bool use_tls = false;
  bool no_load = false;
  std::string view_ttl = "10m";
};

void AddFlags(Raw* raw, CLI::App* app) {
  Options& options = raw->options;
  app->add_option("--target,--address", options.client.target, "the server [127.0.0.1:5825]")
      ->envname("KVICK_ADDRESS");
  app->add_flag("--tls", raw->use_tls, "use TLS and trust the system's certificates");
  app->add_option("--tls-ca", raw->tls.ca_file, "PEM file of the certificates to trust")
      ->envname("KVICK_TLS_CA");
  app->add_option("--tls-cert", raw->tls.cert_file, "PEM file of the own certificate")
      ->envname("KVICK_TLS_CERT");
  app->add_option("--tls-key", raw->tls.key_file, "PEM file of its key")->envname("KVICK_TLS_KEY");
  app->add_option("--tls-server-name", raw->tls.server_name, "the name in the server's certificate")
      ->envname("KVICK_TLS_SERVER_NAME");
  app->add_option("--lists", options.lists, "where apt keeps its index [/var/lib/apt/lists]");
  app->add_option("--prefix", options.prefix, "what all keys begin with [debian:]");
  app->add_option("--view-ttl", raw->view_ttl, "how long the view of the largest lives [10m]");
  app->add_option("--top", options.top, "how many packages to list, 1 to 1000 [10]")
      ->check(CLI::Range(1, 1000));
  app->add_option("--like", options.like,
                  "the package, NAME:ARCHITECTURE, whose relatives are asked for [the newest]");
  app->add_flag("--no-load", raw->no_load, "only ask what an earlier run has loaded");
  app->add_flag("--json", options.json, "print the answers as JSON");
  app->add_option("files", options.files, "index files to read instead, in this order");
}

}  // namespace

absl::StatusOr<Options> ParseOptions(int argc, char** argv) {
  Raw raw;
  CLI::App app("Loads the package index of apt into Kvick and answers questions about it.",
               "package_index");
  AddFlags(&raw, &app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    raw.options.help = app.help();
    return raw.options;
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (raw.use_tls || !raw.tls.ca_file.empty() || !raw.tls.cert_file.empty() ||
      !raw.tls.key_file.empty() || !raw.tls.server_name.empty()) {
    raw.options.client.tls = raw.tls;
  }
  if (!absl::ParseDuration(raw.view_ttl, &raw.options.view_ttl) ||
      raw.options.view_ttl <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--view-ttl is a duration like 10m, more than 0");
  }
  if (raw.options.prefix.empty()) {
    return absl::InvalidArgumentError(
        "--prefix is empty: loading begins by deleting every key under it");
  }
  raw.options.load = !raw.no_load;
  return raw.options;
}

}  // namespace kvick::package_index
