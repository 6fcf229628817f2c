/// BlobCheckpoints: checkpoints and ownerships in Blob Storage, as Microsoft's own processors keep them.
///
/// Empty block blobs with metadata, `{host}/{hub}/{group}/checkpoint/{partition}` and `…/ownership/{partition}`, all in
/// lower case; an ownership is as old as its blob, by the storage's own clock. Sources: Azure SDKs for .NET, JS, Python
/// and Go, their checkpoint stores on blobs.

#pragma once

#include "azure/storage_client.h"
#include "ports/checkpoints.h"

#include <string>

namespace kssedr::azure {

class BlobCheckpoints final : public ports::Checkpoints {
public:
    /// The container is made where there is none.
    BlobCheckpoints(StorageClient blobs, std::string container, Clock& clock)
        : blobs_(std::move(blobs)), container_(std::move(container)), clock_(clock) {}

    Async<std::vector<ports::Ownership>> list_ownerships(ports::EventStream stream, SteadyPoint deadline) override;
    Async<std::optional<ports::Ownership>> claim(ports::EventStream stream, ports::Ownership claim,
                                                 SteadyPoint deadline) override;
    Async<std::vector<ports::Checkpoint>> list_checkpoints(ports::EventStream stream, SteadyPoint deadline) override;
    Async<void> update(ports::EventStream stream, ports::Checkpoint checkpoint, SteadyPoint deadline) override;

private:
    struct Found;

    Async<std::vector<Found>> list(std::string prefix, SteadyPoint deadline);
    Async<http::Response> write(std::string blob, std::vector<http::Header> metadata, std::string_view query,
                                SteadyPoint deadline);
    Async<void> make_container(SteadyPoint deadline);
    [[nodiscard]] Error to_error(http::Response const& answer, std::string_view doing) const;

    StorageClient blobs_;
    std::string container_;
    Clock& clock_;
};

}  // namespace kssedr::azure
