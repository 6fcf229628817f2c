#include "config/names.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <span>

namespace kssedr::config {
namespace {

struct Name {
    std::string_view canonical;
    std::string_view file_key;          // empty: not to be set in the file
    std::string_view other_spelling{};  // another name for the same, in the environment
};

// Secrets are never set in the file, which people copy and commit.
constexpr std::array names = {
    Name{"tenantId", "tenant_id", "AZURE_TENANT_ID"},
    Name{"clientId", "client_id", "AZURE_CLIENT_ID"},
    Name{"clientSecret", "", "AZURE_CLIENT_SECRET"},
    Name{"AZURE_CLIENT_CERTIFICATE_PATH", "client_certificate_path"},
    Name{"AZURE_CLIENT_CERTIFICATE_PASSWORD", ""},
    Name{"AZURE_FEDERATED_TOKEN_FILE", "federated_token_file"},
    Name{"IDENTITY_ENDPOINT", ""},
    Name{"IDENTITY_HEADER", ""},
    Name{"AZURE_AUTHORITY_HOST", "authority_host"},
    Name{"KSSEDR_CLOUD", "cloud"},
    Name{"KSSEDR_RESOURCE_MANAGER_URL", "resource_manager_url"},
    Name{"KSSEDR_GRAPH_URL", "graph_url"},
    Name{"KSSEDR_KEYVAULT_SUFFIX", "keyvault_suffix"},
    Name{"KSSEDR_STORAGE_SUFFIX", "storage_suffix"},
    Name{"KSSEDR_RESOLVE", "resolve"},
    Name{"SSL_CERT_FILE", "ca_file"},
    Name{"EventHub.ConnectionString", ""},
    Name{"EventHub.fullyQualifiedNamespace", ""},
    Name{"EventHub.Name", ""},
    Name{"EventHub.ConsumerGroup", ""},
    Name{"REGION_NAME", "region_name"},
    Name{"AzureWebJobsStorage", ""},
    Name{"AzureWebJobsStorage__accountName", ""},
    Name{"AzureWebJobsStorage__blobServiceUri", ""},
    Name{"FUNCTIONS_CUSTOMHANDLER_PORT", ""},
    Name{"KSSEDR_MODE", "mode"},
    Name{"KSSEDR_VAULTS", "vaults"},
    Name{"KSSEDR_CATALOGUE", "catalogue"},
    Name{"KSSEDR_ALLOWED_TARGETS", "allowed_targets"},
    Name{"KSSEDR_LEAD", "lead"},
    Name{"KSSEDR_LOCKS", "locks"},
    Name{"KSSEDR_INVOCATION_BUDGET", "invocation_budget"},
    Name{"KSSEDR_LISTEN", "listen"},
    Name{"KSSEDR_CHECKPOINTS", "checkpoints"},
    Name{"KSSEDR_SWEEP_EVERY", "sweep_every"},
    Name{"KSSEDR_STOP_GRACE", "stop_grace"},
    Name{"KSSEDR_DEFAULT_VALIDITY", "default_validity"},
    Name{"KSSEDR_MIN_OVERLAP", "min_overlap"},
    Name{"KSSEDR_VERIFY", "verify"},
    Name{"KSSEDR_STORE", "store"},
    Name{"KSSEDR_HISTORY_RETENTION", "history_retention"},
    Name{"KSSEDR_API_TOKEN", ""},
    Name{"KSSEDR_API_AUDIENCE", "api_audience"},
    Name{"KSSEDR_API_ROLE", "api_role"},
    Name{"KSSEDR_PUSH_AUDIENCE", "push_audience"},
    Name{"KSSEDR_PUSH_APPLICATION", "push_application"},
    Name{"KSSEDR_PUSH_SECRET", ""},
    Name{"KSSEDR_PUSH_SECRET_HEADER", "push_secret_header"},
    Name{"KSSEDR_CONFIG", ""},
    Name{"TZDIR", ""},
};

// Hosts on Linux rewrite dots in names, each in its own way.
std::vector<std::string> spellings_of(Name const& name) {
    std::vector<std::string> spellings{std::string(name.canonical)};
    if (auto const dot = name.canonical.find('.'); dot != std::string_view::npos)
        for (std::string_view const in_place : {"_", "__"})
            spellings.push_back(std::string(name.canonical.substr(0, dot)) + std::string(in_place) +
                                std::string(name.canonical.substr(dot + 1)));
    if (!name.other_spelling.empty()) spellings.emplace_back(name.other_spelling);
    return spellings;
}

// A name as it is meant, however it is written: `client_secret`, `clientSecret`, `AZURE_CLIENT_SECRET`.
std::string bare(std::string_view name) {
    std::string letters = to_ascii_lower(name.substr(0, 64));
    std::erase_if(letters, [](char c) { return !is_ascii_letter(c) && !is_ascii_digit(c); });
    for (std::string_view const prefix : {"azure", "kssedr"})
        if (letters.starts_with(prefix) && !letters.starts_with("azureweb")) letters.erase(0, prefix.size());
    return letters;
}

std::string nearest(std::string_view wrong, std::span<std::string_view const> right) {
    auto const best =
        std::ranges::min_element(right, {}, [&](std::string_view name) { return edit_distance(wrong, name); });
    return std::string(*best);
}

}  // namespace

GivenValues take_environment(Environment const& environment, Problems& problems) {
    GivenValues given;
    for (auto const& name : names) {
        for (auto const& spelling : spellings_of(name)) {
            auto const found = environment.find(spelling);
            if (found == environment.end()) continue;
            auto const [place, is_first] = given.try_emplace(std::string(name.canonical), found->second, spelling);
            if (!is_first && place->second.value != found->second)
                problems.push_back(place->second.where + " and " + spelling +
                                   " are the same setting and differ; remove one of them");
        }
    }
    for (auto const& [name, value] : environment) {
        bool const is_ours = name.starts_with("KSSEDR_");
        bool const is_known = std::ranges::any_of(names, [&](Name const& known) { return known.canonical == name; });
        if (is_ours && !is_known)
            problems.push_back(escape_for_display(name) + " is no setting of kssedr; did you mean " +
                               nearest_environment_name(name) + "?");
    }
    return given;
}

std::optional<std::string_view> find_file_key(std::string_view key) {
    for (auto const& name : names)
        if (!name.file_key.empty() && name.file_key == key) return name.canonical;
    return std::nullopt;
}

std::string nearest_environment_name(std::string_view name) {
    std::vector<std::string_view> right;
    for (auto const& known : names)
        if (known.canonical.starts_with("KSSEDR_")) right.push_back(known.canonical);
    return nearest(name, right);
}

std::string advise_on_file_key(std::string_view key) {
    std::vector<std::string_view> right{"rule", "database", "hook", "source"};
    for (auto const& known : names)
        if (!known.file_key.empty()) right.push_back(known.file_key);
    auto const best = nearest(key, right);
    auto const asked = bare(key);
    auto distance = edit_distance(asked, bare(best));
    std::string_view meant;
    for (auto const& known : names) {
        if (!known.file_key.empty()) continue;
        for (auto const& spelling : spellings_of(known)) {
            auto const one = edit_distance(asked, bare(spelling));
            if (one <= 2 && one < distance) distance = one, meant = known.canonical;
        }
    }
    // Whoever followed "did you mean client_id?" would put a secret where it is shown.
    bool const sounds_secret = asked.find("secret") != std::string::npos || asked.find("password") != std::string::npos;
    if (meant.empty() && sounds_secret && asked != "secret") meant = "clientSecret";
    if (meant.empty()) return "did you mean " + best + "?";
    return "secrets are not set in the file, nor what the host sets; set " + std::string(meant) + " in the environment";
}

}  // namespace kssedr::config
