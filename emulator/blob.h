/// BlobService: the blob endpoint of a storage account, as far as a credential can be tried against it: containers and
/// block blobs, Shared Key and bearer tokens. No leases, no SAS, no ranges, no blocks.

#pragma once

#include "emulator/service.h"

namespace kssedr::emulator {

class BlobService final : public Service {
public:
    explicit BlobService(Ground ground) : ground_(ground) {}

    void name(Call& call) const override;
    listen::Response answer(Call& call) override;
    listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                            std::string const& message) override;

private:
    std::optional<listen::Response> turn_away(Call& call, StorageAccount const& account);
    std::optional<listen::Response> check_signature(Call const& call, StorageAccount const& account);
    std::optional<listen::Response> check_token(Call& call);
    listen::Response carry_out(Call& call, StorageAccount& account);
    listen::Response answer_container(Call& call, StorageAccount& account);
    listen::Response answer_blob(Call& call, Container& container);
    listen::Response put_blob(Call& call, Container& container, std::string const& name);
    listen::Response list_containers(Call const& call, StorageAccount const& account);
    listen::Response list_blobs(Call const& call, Container const& container, std::string const& name);
    listen::Response refuse_with(Call const& call, unsigned status, std::string const& code, std::string const& message,
                                 std::string const& detail = {});
    listen::Response plain(Call const& call, unsigned status);
    listen::Response xml(Call const& call, std::string body);
    [[nodiscard]] std::string make_etag();

    Ground ground_;
};

}  // namespace kssedr::emulator
