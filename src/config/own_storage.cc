#include "config/own_storage.h"

#include "base/ascii.h"

#include <utility>

namespace kssedr::config {

std::string_view OwnStorage::text(std::string_view name) const {
    auto const place = given_.find(name);
    return place == given_.end() ? std::string_view() : trim(place->second.value);
}

std::optional<StorageSetting> OwnStorage::read(Problems& problems) const {
    std::string_view from = "AzureWebJobsStorage";
    Result<StorageSetting> storage = StorageSetting{};
    if (!text(from).empty()) {
        storage = parse_storage_connection(text(from), suffix_);
    } else if (from = "AzureWebJobsStorage__blobServiceUri"; !text(from).empty()) {
        storage = parse_blob_service_url(text(from), suffix_);
    } else if (from = "AzureWebJobsStorage__accountName"; !text(from).empty()) {
        storage =
            parse_blob_service_url("https://" + std::string(text(from)) + ".blob." + std::string(suffix_), suffix_);
    } else {
        return std::nullopt;
    }
    if (storage) return *std::move(storage);
    problems.push_back(given_.find(from)->second.where + ": " + storage.error().message() +
                       "; instances of kssedr meet there to lock what they rotate, so mend it, or set "
                       "KSSEDR_LOCKS=none and run one instance");
    return std::nullopt;
}

std::optional<LockContainer> OwnStorage::container(std::string_view name, std::string_view fallback,
                                                   std::string_view none, Problems& problems) const {
    auto own = read(problems);
    auto const value = text(name);
    if (value.empty()) {
        if (!own) return std::nullopt;
        return LockContainer{*std::move(own), std::string(fallback)};
    }
    auto const& where = given_.find(name)->second.where;
    auto url = parse_container_url(value);
    if (!url) {
        // Not quoted: it may hold a signature.
        problems.push_back(where + ": write " + std::string(none) +
                           ", or the URL of a blob container: " + url.error().message());
        return std::nullopt;
    }
    bool const is_own = own && own->endpoint == url->endpoint;
    auto storage = is_own ? Result<StorageSetting>(*std::move(own)) : parse_blob_service_url(url->endpoint, suffix_);
    if (storage) return LockContainer{*std::move(storage), std::move(url->container)};
    problems.push_back(where + "=" + escape_for_display(value) + ": " + storage.error().message() +
                       "; for any other, give the connection string in AzureWebJobsStorage");
    return std::nullopt;
}

}  // namespace kssedr::config
