// Packed token file: a header and ids of two or four bytes, written as a stream and read by mapping
// it, so that it may be larger than memory. A TokenFile does not change after opening; any thread
// may read it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/base/new_file.h"
#include "core/base/result.h"

namespace hopscope::core {

/// What a token file says of itself, beside its ids.
struct TokenFileInfo {
    int64_t vocab_size = 0;
    int64_t tokens = 0;
    std::string content_hash;    ///< over the ids, independent of their width; 32 hex digits
    std::string corpus_hash;     ///< over the text they came from
    std::string tokenizer_hash;  ///< over the model that made them
};

/// Writes beside `path` under a temporary name; finish() makes the file whole and renames it.
/// Without finish() nothing is left behind. Errors (failed): the disk is full or the folder cannot
/// be written.
class TokenFileWriter {
  public:
    static Result<TokenFileWriter> create(const std::string& path, int64_t vocab_size);
    TokenFileWriter(TokenFileWriter&& other) noexcept;
    TokenFileWriter& operator=(TokenFileWriter&& other) = delete;
    ~TokenFileWriter();

    /// Ids must lie in 0 … vocab_size − 1 (error: failed).
    Status append(const int32_t* ids, int64_t count);
    Status append(const std::vector<int32_t>& ids) {
        return append(ids.data(), static_cast<int64_t>(ids.size()));
    }
    int64_t tokens() const { return tokens_; }
    /// Moves all tokens from `from` on to the end of `other`, which has the same vocabulary.
    Status move_tail(int64_t from, TokenFileWriter& other);
    /// Header, fsync, rename.
    Status finish(const std::string& corpus_hash, const std::string& tokenizer_hash);

  private:
    TokenFileWriter(NewFile made, int64_t vocab_size, std::FILE* file);
    Error failed(const std::string& doing) const;
    Status read_back(int64_t from, int64_t count, std::vector<int32_t>& out);

    NewFile made_;
    int64_t vocab_size_ = 0;
    int64_t width_ = 2;
    int64_t tokens_ = 0;
    std::FILE* file_ = nullptr;  ///< of `made_`
    std::vector<unsigned char> packed_;
};

class TokenFile {
  public:
    /// Checks the header against the size of the file, then the content hash and the range of all
    /// ids (one pass over the file). Errors (usage): missing, truncated, corrupt or foreign file.
    static Result<TokenFile> open(const std::string& path);
    /// What the header says, checked against the size of the file alone; costs nothing. Errors
    /// (usage): as open.
    static Result<TokenFileInfo> read_info(const std::string& path);

    int64_t size() const { return info_.tokens; }
    int32_t operator[](int64_t i) const;  ///< 0 ≤ i < size()
    /// Copies `count` ids from `from` on; the range must lie in the file.
    void copy(int64_t from, int64_t count, int32_t* out) const;
    const TokenFileInfo& info() const { return info_; }
    /// 32 hex digits.
    const std::string& content_hash() const { return info_.content_hash; }
    const std::string& path() const { return path_; }

  private:
    class Mapping;
    TokenFile() = default;
    static Result<TokenFile> map(const std::string& path);

    std::shared_ptr<const Mapping> mapping_;
    const unsigned char* ids_ = nullptr;
    int64_t width_ = 2;
    TokenFileInfo info_;
    std::string path_;
};

}  // namespace hopscope::core
