// Given values to settings: every check, and what it says.

#include "base/ascii.h"
#include "config/catalogue.h"
#include "config/daemon.h"
#include "config/database.h"
#include "config/file.h"
#include "config/hook.h"
#include "config/names.h"
#include "config/own_storage.h"
#include "config/rule.h"
#include "config/settings.h"
#include "config/trusted_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace kssedr::config {
namespace {

using namespace std::chrono;

class Loader {
public:
    Loader(FileContents contents, Problems problems)
        : given_(std::move(contents.values)),
          rules_(std::move(contents.rules)),
          databases_(std::move(contents.databases)),
          hooks_(std::move(contents.hooks)),
          sources_(std::move(contents.sources)),
          problems_(std::move(problems)) {}

    std::expected<Loaded, Problems> load(Environment const& environment, std::string const& file,
                                         Overrides const& overrides) {
        load_cloud();
        load_identity();
        load_policy();
        load_rules();
        load_databases();
        load_hooks(environment, file);
        load_own_catalogue();
        load_own_credentials();
        load_locks();
        load_store(environment);
        load_rest(overrides);
        load_daemon(given_, sources_, environment, loaded_.settings, problems_);
        warn_of_short_validity();
        if (!problems_.empty()) return std::unexpected(std::move(problems_));
        return std::move(loaded_);
    }

private:
    // The value of a name; null where it is not set. An empty text is a value: an empty list allows nothing.
    Given const* find(std::string_view name) const {
        auto const place = given_.find(name);
        return place == given_.end() ? nullptr : &place->second;
    }
    std::string text(std::string_view name) const {
        auto const* given = find(name);
        return given == nullptr ? std::string() : std::string(trim(given->value));
    }
    void problem(Given const& given, std::string_view why) {
        // What stands before an `@` in a URL is a user's name and a password: neither it nor what quotes it is shown.
        if (given.value.contains('@')) {
            problems_.push_back(given.where +
                                ": it has an @, and no user or password belongs here, so it is not shown; a URL is "
                                "https://host and no more");
            return;
        }
        problems_.push_back(given.where + "=" + escape_for_display(given.value) + ": " + std::string(why));
    }

    void load_cloud();
    void load_identity();
    void load_policy();
    void load_vaults();
    void load_allowed();
    void load_rules();
    void load_databases();
    void load_hooks(Environment const& environment, std::string const& file);
    void load_own_catalogue();
    void load_own_credentials();
    void load_locks();
    void load_store(Environment const& environment);
    void load_rest(Overrides const& overrides);
    void load_resolve();
    void warn_of_short_validity();

    void take_url(std::string_view name, std::string& into);
    void take_suffix(std::string_view name, std::string& into);
    void take_duration(std::string_view name, Duration least, Duration& into);
    std::vector<std::string_view> list(Given const& given) const;

    GivenValues given_;
    std::vector<GivenRule> rules_;
    std::vector<GivenTable> databases_;
    std::vector<GivenTable> hooks_;
    std::vector<GivenTable> sources_;
    Problems problems_;
    Loaded loaded_;
};

std::vector<std::string_view> Loader::list(Given const& given) const {
    std::vector<std::string_view> entries;
    for (auto const entry : split(given.value, ','))
        if (!trim(entry).empty()) entries.push_back(trim(entry));
    return entries;
}

void Loader::take_url(std::string_view name, std::string& into) {
    auto const* given = find(name);
    if (given == nullptr || trim(given->value).empty()) return;
    std::string url(trim(given->value));
    while (url.ends_with('/')) url.pop_back();
    bool const is_plain = url.find_first_of("?#@ ") == std::string::npos;
    if (!url.starts_with("https://") || url.size() == 8 || !is_plain || url.find('/', 8) != std::string::npos) {
        problem(*given, "write https://host, with a port where it has one, and nothing behind");
        return;
    }
    into = to_ascii_lower(url);
}

void Loader::take_suffix(std::string_view name, std::string& into) {
    auto const* given = find(name);
    if (given == nullptr || trim(given->value).empty()) return;
    std::string suffix = to_ascii_lower(trim(given->value));
    if (suffix.starts_with('.')) suffix.erase(0, 1);
    bool const is_plain = std::ranges::all_of(
        suffix, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '.' || c == '-' || c == ':'; });
    if (suffix.empty() || !is_plain || suffix.ends_with('.') || suffix.ends_with(':')) {
        problem(*given, "write the DNS suffix, such as vault.azure.net, with :port where it has one");
        return;
    }
    into = std::move(suffix);
}

void Loader::take_duration(std::string_view name, Duration least, Duration& into) {
    auto const* given = find(name);
    if (given == nullptr) return;
    auto const span = parse_iso_duration(trim(given->value));
    if (!span || *span < least || *span > days{3650}) {
        problem(*given,
                "write an ISO 8601 duration of weeks, days, hours, minutes or seconds, such as P30D or PT4M, from " +
                    format_iso_duration(least) + " to P3650D");
        return;
    }
    into = *span;
}

void Loader::load_cloud() {
    auto const name = find("KSSEDR_CLOUD") == nullptr ? std::string("public") : text("KSSEDR_CLOUD");
    auto cloud = rotation::find_cloud(name);
    if (!cloud) {
        problem(*find("KSSEDR_CLOUD"), "the clouds are public, usgovernment and china");
        cloud = rotation::find_cloud("public");
    }
    auto& into = loaded_.settings.cloud = *std::move(cloud);
    take_url("AZURE_AUTHORITY_HOST", into.authority);
    auto const before = into.resource_manager;
    take_url("KSSEDR_RESOURCE_MANAGER_URL", into.resource_manager);
    // A token for a Resource Manager of one's own is asked for by its host, as Azure's own clients do.
    if (into.resource_manager != before) {
        auto const port = into.resource_manager.find(':', 8);
        into.resource_manager_audience = into.resource_manager.substr(0, port);
    }
    take_url("KSSEDR_GRAPH_URL", into.graph);
    take_suffix("KSSEDR_KEYVAULT_SUFFIX", into.vault_suffix);
    take_suffix("KSSEDR_STORAGE_SUFFIX", into.storage_suffix);
}

void Loader::load_identity() {
    auto& identity = loaded_.settings.identity;
    identity.tenant_id = text("tenantId");
    identity.client_id = text("clientId");
    identity.client_secret = SecretString::absorb(text("clientSecret"));
    identity.certificate_file = text("AZURE_CLIENT_CERTIFICATE_PATH");
    if (auto const* password = find("AZURE_CLIENT_CERTIFICATE_PASSWORD"))
        identity.certificate_password = SecretString::copy_of(password->value);  // a blank may be a part of it
    identity.federated_token_file = text("AZURE_FEDERATED_TOKEN_FILE");
    identity.identity_endpoint = text("IDENTITY_ENDPOINT");
    identity.identity_header = SecretString::absorb(text("IDENTITY_HEADER"));
    for (std::string_view const name : {"tenantId", "clientId"}) {
        auto const value = text(name);
        bool const is_plain = std::ranges::all_of(
            value, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_'; });
        // Not shown: people who swap the settings put their secret here.
        if (!is_plain)
            problems_.push_back(find(name)->where +
                                ": an id has letters, digits, hyphens and dots, and this has something else; "
                                "was the secret put here?");
    }
}

void Loader::load_policy() {
    auto& policy = loaded_.settings.policy;
    if (auto const* given = find("KSSEDR_MODE")) {
        auto const mode = trim(given->value);
        if (mode == "rotate")
            policy.mode = rotation::Mode::rotate;
        else if (mode == "observe")
            policy.mode = rotation::Mode::observe;
        else if (mode == "paused")
            policy.mode = rotation::Mode::paused;
        else
            problem(*given, "the modes are rotate, observe and paused");
    }
    if (auto const* given = find("KSSEDR_VERIFY")) {
        auto const verify = trim(given->value);
        if (verify == "best-effort")
            policy.verify = rotation::Verify::best_effort;
        else if (verify == "off")
            policy.verify = rotation::Verify::off;
        else if (verify == "required")
            policy.verify = rotation::Verify::required;
        else
            problem(*given, "write required, best-effort or off");
    }
    take_duration("KSSEDR_LEAD", minutes{1}, policy.lead);
    take_duration("KSSEDR_DEFAULT_VALIDITY", minutes{1}, policy.default_validity);
    take_duration("KSSEDR_MIN_OVERLAP", seconds{0}, policy.min_overlap);
    load_vaults();
    load_allowed();
}

void Loader::load_vaults() {
    auto const* given = find("KSSEDR_VAULTS");
    if (given == nullptr) return;
    auto const& suffix = loaded_.settings.cloud.vault_suffix;
    auto& vaults = loaded_.settings.policy.vaults.emplace();
    for (auto const entry : list(*given)) {
        if (entry.starts_with('/')) {
            auto scope = rotation::ArmId::parse(entry);
            if (scope && scope->is_resource() && !scope->is_type("Microsoft.KeyVault/vaults"))
                problem(*given, "a scope is a subscription, a resource group or a vault");
            else if (scope)
                loaded_.settings.policy.vault_scopes.push_back(*std::move(scope));
            else
                problem(*given, scope.error().message());
            continue;
        }
        auto host = entry.find('.') == std::string_view::npos ? rotation::make_vault_host(entry, suffix)
                                                              : rotation::parse_vault_host(entry, suffix);
        if (!host) {
            problem(*given, host.error().message());
            continue;
        }
        vaults.push_back(*std::move(host));
    }
}

void Loader::load_allowed() {
    auto const* given = find("KSSEDR_ALLOWED_TARGETS");
    if (given == nullptr) return;
    std::vector<rotation::AllowedTarget> entries;
    for (auto const entry : list(*given)) {
        auto target = rotation::AllowedTarget::parse(entry, loaded_.settings.cloud.vault_suffix);
        if (!target) {
            problem(*given, target.error().message());
            continue;
        }
        entries.push_back(*std::move(target));
    }
    loaded_.settings.policy.allowed.emplace(std::move(entries));
}

void Loader::load_rules() {
    Zones const zones(text("TZDIR"));
    for (auto const& given : rules_)
        loaded_.settings.policy.rules.push_back(
            read_rule(given, loaded_.settings.cloud.vault_suffix, zones, problems_));
}

void Loader::load_databases() {
    auto& databases = loaded_.settings.databases;
    for (auto const& given : databases_) {
        auto database = read_database(given, loaded_.settings.cloud.vault_suffix, problems_);
        if (!database) continue;
        // Two rotations of one login would undo each other.
        auto const logins = database->logins();
        auto const is_same_login = [&](rotation::LoginDatabase const& other) {
            return other.owner.service_key() == database->owner.service_key() &&
                   std::ranges::any_of(other.logins(), [&](std::string const& login) {
                       return std::ranges::find(logins, login) != logins.end();
                   });
        };
        auto const other = std::ranges::find_if(databases, is_same_login);
        if (other != databases.end())
            problems_.push_back(database->where + ": a login of it stands in " + other->where + " as well");
        else
            databases.push_back(*std::move(database));
    }
}

// Whoever may write the file could have any program run, with what kssedr's user may do.
void Loader::load_hooks(Environment const& environment, std::string const& file) {
    if (hooks_.empty()) return;
    if (auto const why = find_distrust(file))
        problems_.push_back(hooks_.front().where + ": a file with hooks is to be writable by its owner alone: " + *why);
    auto& hooks = loaded_.settings.hooks;
    for (auto const& given : hooks_) {
        auto hook = read_hook(given, environment, loaded_.settings.cloud.vault_suffix, problems_);
        if (!hook) continue;
        auto const other = std::ranges::find(hooks, hook->owner, &rotation::Hook::owner);
        if (other != hooks.end())
            problems_.push_back(hook->where + ": " + other->where + " has the same name");
        else
            hooks.push_back(*std::move(hook));
    }
}

// A file of the user's is checked now; what is built in has been, and is read when it is needed.
void Loader::load_own_catalogue() {
    auto const file = text("KSSEDR_CATALOGUE");
    auto& catalogue = loaded_.settings.catalogue;
    if (file.empty())
        catalogue = rotation::LazyCatalogue(read_built_in_catalogue);
    else
        catalogue = rotation::LazyCatalogue(load_catalogue(file, problems_));
}

void Loader::load_own_credentials() {
    for (std::string_view const name : {"AzureWebJobsStorage", "EventHub.ConnectionString", "clientSecret"})
        if (auto const* given = find(name); given != nullptr && !trim(given->value).empty())
            loaded_.settings.own_credentials.push_back({given->where, SecretString::copy_of(trim(given->value))});
}

void Loader::load_locks() {
    auto& settings = loaded_.settings;
    settings.is_only_instance = text("KSSEDR_LOCKS") == "none";
    if (settings.is_only_instance) return;
    OwnStorage const own(given_, settings.cloud.storage_suffix);
    settings.lock_container = own.container("KSSEDR_LOCKS", "kssedr-leases", "none", problems_);
}

void Loader::load_store(Environment const& environment) {
    auto& settings = loaded_.settings;
    settings.store_location = text("KSSEDR_STORE");
    if (settings.store_location.empty()) {
        // systemd's: the service's own directories, the first of which is the one for this.
        auto const given = environment.find("STATE_DIRECTORY");
        std::string_view const directories = given == environment.end() ? std::string_view() : given->second;
        auto const first = directories.substr(0, directories.find(':'));
        settings.store_location = (first.starts_with('/') ? std::string(first) : "/var/lib/kssedr") + "/kssedr.db";
    }
    take_duration("KSSEDR_HISTORY_RETENTION", days{1}, settings.history_retention);
}

void Loader::load_rest(Overrides const& overrides) {
    auto& settings = loaded_.settings;
    take_duration("KSSEDR_INVOCATION_BUDGET", seconds{1}, settings.invocation_budget);
    if (find("REGION_NAME") != nullptr) settings.region_name = find("REGION_NAME")->value;
    settings.ca_file = text("SSL_CERT_FILE").empty() ? overrides.ca_file : text("SSL_CERT_FILE");
    std::error_code unreadable;
    if (auto const& file = settings.ca_file;
        !file.empty() && (!std::filesystem::is_regular_file(file, unreadable) || !std::ifstream(file)))
        problems_.push_back((text("SSL_CERT_FILE").empty() ? "--ca-file=" : "SSL_CERT_FILE=") +
                            escape_for_display(file) +
                            ": the file can not be read; name a bundle of CA certificates in PEM form, or leave it "
                            "unset for the system's");
    load_resolve();
    if (auto const* given = find("FUNCTIONS_CUSTOMHANDLER_PORT")) {
        auto const port = trim(given->value);
        std::uint16_t number = 0;
        auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (error != std::errc{} || end != port.data() + port.size())
            problem(*given, "write a port from 0 to 65535");
        else
            settings.functions_port = number;
    }
}

void Loader::load_resolve() {
    auto const* given = find("KSSEDR_RESOLVE");
    if (given == nullptr) return;
    for (auto const entry : list(*given)) {
        auto const first = entry.find(':');
        auto const second = first == std::string_view::npos ? first : entry.find(':', first + 1);
        auto const port =
            second == std::string_view::npos ? std::string_view() : entry.substr(first + 1, second - first - 1);
        bool const has_port = !port.empty() && std::ranges::all_of(port, [](char c) { return is_ascii_digit(c); });
        if (first == 0 || !has_port || second + 1 == entry.size()) {
            problems_.push_back(given->where + ": write host:port:address, as curl's --resolve, separated by commas");
            continue;
        }
        loaded_.settings.resolve.emplace_back(entry);
    }
}

void Loader::warn_of_short_validity() {
    auto const& policy = loaded_.settings.policy;
    if (policy.default_validity < 2 * policy.min_overlap)
        loaded_.warnings.push_back(
            fmt::format("KSSEDR_DEFAULT_VALIDITY ({}) is less than twice KSSEDR_MIN_OVERLAP ({}); half the validity is "
                        "kept as overlap",
                        format_iso_duration(policy.default_validity), format_iso_duration(policy.min_overlap)));
}

}  // namespace

std::expected<Loaded, Problems> load(Environment const& environment, Overrides const& overrides) {
    Problems problems;
    auto given = take_environment(environment, problems);
    std::string file = overrides.config_file;
    if (auto const place = given.find("KSSEDR_CONFIG"); file.empty() && place != given.end())
        file = place->second.value;
    FileContents contents;
    if (!file.empty()) contents = read_file(file, problems);
    // What the environment gave stays; the file fills in.
    given.merge(contents.values);
    contents.values = std::move(given);
    return Loader(std::move(contents), std::move(problems)).load(environment, file, overrides);
}

Problems check_identity(Settings const& settings) {
    auto const& identity = settings.identity;
    Problems problems;
    bool const is_application =
        identity.has_client_secret() || identity.has_certificate() || identity.has_federated_token();
    if (identity.has_managed_identity() && !is_application) return problems;
    if (identity.tenant_id.empty())
        problems.emplace_back("tenantId (or AZURE_TENANT_ID) is not set; it is the id of your Entra tenant");
    if (identity.client_id.empty())
        problems.emplace_back("clientId (or AZURE_CLIENT_ID) is not set; it is the application id kssedr signs in as");
    if (!is_application)
        problems.emplace_back(
            "clientSecret (or AZURE_CLIENT_SECRET) is not set, nor AZURE_CLIENT_CERTIFICATE_PATH, nor "
            "AZURE_FEDERATED_TOKEN_FILE, nor a managed identity (IDENTITY_ENDPOINT)");
    return problems;
}

}  // namespace kssedr::config
