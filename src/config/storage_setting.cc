#include "config/storage_setting.h"

#include "base/ascii.h"
#include "base/encoding.h"

#include <algorithm>
#include <array>
#include <map>

namespace kssedr::config {
namespace {

// Known to all the world: the account that Azurite and the older emulator begin with.
constexpr std::string_view development_account = "devstoreaccount1";
constexpr std::string_view development_key =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
constexpr std::string_view development_endpoint = "http://127.0.0.1:10000/devstoreaccount1";
constexpr std::string_view development_queues = "http://127.0.0.1:10001/devstoreaccount1";
// Accounts with a DNS zone of their own.
constexpr std::string_view dns_zones = "storage.azure.net";

using Members = std::map<std::string, std::string_view, std::less<>>;

Failure wrong(std::string why) {
    return fail(Errc::invalid_argument, std::move(why));
}

Result<Members> take_apart(std::string_view text) {
    Members members;
    for (auto const part : split(text, ';')) {
        if (trim(part).empty()) continue;
        auto const equals = part.find('=');
        if (equals == std::string_view::npos) return wrong("a part of it is not of the form Name=value");
        auto const [place, is_new] =
            members.emplace(to_ascii_lower(trim(part.substr(0, equals))), trim(part.substr(equals + 1)));
        if (!is_new) return wrong("it names " + escape_for_display(place->first, 64) + " twice");
    }
    return members;
}

std::string_view find(Members const& members, std::string_view name) {
    auto const place = members.find(name);
    return place == members.end() ? std::string_view() : place->second;
}

bool is_base64(std::string_view text) {
    std::string copy(text);
    bool const is = parse_base64_in_place(copy).has_value();
    wipe(copy);
    return is;
}

bool is_account_name(std::string_view name) {
    return name.size() >= 3 && name.size() <= 24 &&
           std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || is_ascii_digit(c); });
}

bool is_container_name(std::string_view name) {
    return name.size() >= 3 && name.size() <= 63 && !name.starts_with('-') && !name.ends_with('-') &&
           name.find("--") == std::string_view::npos &&
           std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || is_ascii_digit(c) || c == '-'; });
}

bool is_loopback(std::string_view authority) {
    constexpr std::array<std::string_view, 3> hosts = {"127.0.0.1", "localhost", "[::1]"};
    return std::ranges::any_of(hosts, [&](std::string_view host) {
        return authority == host || (authority.starts_with(host) && authority[host.size()] == ':');
    });
}

// Lower-case scheme and host, no slash at the end; https, or http to this machine.
Result<std::string> to_endpoint(std::string_view url) {
    auto const scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return wrong("its endpoint is no URL");
    auto const scheme = to_ascii_lower(url.substr(0, scheme_end));
    auto rest = url.substr(scheme_end + 3);
    while (rest.ends_with('/')) rest.remove_suffix(1);
    auto const slash = std::min(rest.find('/'), rest.size());
    auto const authority = to_ascii_lower(rest.substr(0, slash));
    bool const is_plain = std::ranges::all_of(rest, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || std::string_view(".-_:/[]").contains(c);
    });
    if (authority.empty() || !is_plain) return wrong("its endpoint is no plain URL");
    if (scheme != "https" && !(scheme == "http" && is_loopback(authority)))
        return wrong("its endpoint is not https, and http is for this machine's own storage only");
    return scheme + "://" + authority + std::string(rest.substr(slash));
}

Result<StorageSetting> development_storage(Members const& members) {
    // Another machine's, for those who run the emulator in a container beside.
    if (!find(members, "developmentstorageproxyuri").empty())
        return wrong("DevelopmentStorageProxyUri is not supported; give the whole connection string with BlobEndpoint");
    return StorageSetting{std::string(development_endpoint),
                          std::string(development_queues),
                          std::string(development_account),
                          SecretString::copy_of(development_key),
                          {}};
}

}  // namespace

Result<StorageSetting> parse_storage_connection(std::string_view text, std::string_view suffix) {
    KSSEDR_TRY(auto const members, take_apart(text));
    if (equals_ignore_case(find(members, "usedevelopmentstorage"), "true")) return development_storage(members);
    auto const account = find(members, "accountname");
    auto const key = find(members, "accountkey");
    auto signature = find(members, "sharedaccesssignature");
    auto const endpoint = find(members, "blobendpoint");
    if (key.empty() == signature.empty()) return wrong("it has to have either AccountKey or SharedAccessSignature");
    if (!key.empty() && !is_account_name(account)) return wrong("its AccountName is no storage account's name");
    if (!key.empty() && !is_base64(key)) return wrong("its AccountKey is not base64");
    if (endpoint.empty() && !is_account_name(account)) return wrong("it names neither an account nor a BlobEndpoint");

    StorageSetting setting;
    auto const scheme = find(members, "defaultendpointsprotocol");
    auto const own_suffix = find(members, "endpointsuffix");
    auto const by_suffix = [&](std::string_view service) {
        return std::string(scheme.empty() ? "https" : scheme) + "://" + std::string(account) + std::string(service) +
               std::string(own_suffix.empty() ? suffix : own_suffix);
    };
    KSSEDR_TRY(setting.endpoint, to_endpoint(endpoint.empty() ? by_suffix(".blob.") : std::string(endpoint)));
    auto const queues = find(members, "queueendpoint");
    if (!queues.empty() || (endpoint.empty() && is_account_name(account))) {
        KSSEDR_TRY(setting.queue_endpoint, to_endpoint(queues.empty() ? by_suffix(".queue.") : std::string(queues)));
    }
    if (!key.empty()) setting.account = account;
    setting.account_key = SecretString::copy_of(key);
    if (signature.starts_with('?')) signature.remove_prefix(1);
    setting.shared_access_signature = SecretString::copy_of(signature);
    return setting;
}

Result<StorageSetting> parse_blob_service_url(std::string_view url, std::string_view suffix) {
    StorageSetting setting;
    KSSEDR_TRY(setting.endpoint, to_endpoint(url));
    constexpr std::string_view scheme = "https://";
    bool const is_https = setting.endpoint.starts_with(scheme);
    auto const authority = std::string_view(setting.endpoint).substr(std::min(scheme.size(), setting.endpoint.size()));
    bool const is_azures = ends_with_ignore_case(authority, '.' + std::string(suffix)) ||
                           ends_with_ignore_case(authority, '.' + std::string(dns_zones));
    if (!is_https || !is_azures || authority.contains('/'))
        return wrong("a token of kssedr's identity goes only to https://{account}.blob." + std::string(suffix) +
                     " and its like");
    if (auto const service = setting.endpoint.find(".blob."); service != std::string::npos)
        setting.queue_endpoint = std::string(setting.endpoint).replace(service, 6, ".queue.");
    return setting;
}

Result<ContainerUrl> parse_container_url(std::string_view url) {
    if (url.contains('?'))
        return wrong(
            "a signature does not belong there; put it into AzureWebJobsStorage, or let kssedr use its identity");
    KSSEDR_TRY(auto endpoint, to_endpoint(url));
    auto const scheme_end = endpoint.find("://") + 3;
    auto const slash = endpoint.rfind('/');
    auto container = slash < scheme_end ? std::string() : endpoint.substr(slash + 1);
    if (!is_container_name(container)) return wrong("it does not end in the name of a container");
    endpoint.resize(slash);
    return ContainerUrl{std::move(endpoint), std::move(container)};
}

}  // namespace kssedr::config
