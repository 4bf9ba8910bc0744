#include "core/text/token_file.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "core/base/file_handle.h"
#include "core/base/random.h"
#include "core/base/utf8.h"

namespace hopscope::core {

static_assert(std::endian::native == std::endian::little, "token files are little-endian");

namespace {

constexpr std::string_view kMagic = "hopscope.tokens/1\n";
constexpr size_t kHash = 32;
constexpr int64_t kBlock = 1 << 16;  ///< ids handled at a time

/// Written as it stands; `check` covers all bytes before it, so that no damaged field goes unseen.
struct Header {
    char magic[24] = {};
    uint64_t header_bytes = 256;
    uint64_t tokens = 0;
    uint64_t width = 0;
    uint64_t vocab_size = 0;
    char content[kHash] = {}, corpus[kHash] = {}, tokenizer[kHash] = {};
    char reserved[72] = {};
    char check[kHash] = {};
};
static_assert(sizeof(Header) == 256);

std::string header_check(const Header& header) {
    ContentHash hash;
    hash.update(&header, offsetof(Header, check));
    return hash.hex();
}

void set_hash(char (&field)[kHash], const std::string& text) {
    std::memcpy(field, text.data(), std::min(text.size(), kHash));
}

int64_t width_for(int64_t vocab_size) {
    return vocab_size <= 65536 ? 2 : 4;
}

void unpack(const unsigned char* packed, int64_t width, int64_t count, int32_t* out) {
    if (width == 4) {
        std::memcpy(out, packed, static_cast<size_t>(count) * 4);
        return;
    }
    for (int64_t i = 0; i < count; ++i) {
        uint16_t id = 0;
        std::memcpy(&id, packed + 2 * i, 2);
        out[i] = id;
    }
}

/// Hash over the ids as 32-bit numbers, whatever their width in the file.
class IdHash {
  public:
    void add(const std::vector<int32_t>& ids) { hash_.update(ids.data(), ids.size() * 4); }
    std::string hex() const { return hash_.hex(); }

  private:
    ContentHash hash_;
};

}  // namespace

Result<TokenFileWriter> TokenFileWriter::create(const std::string& path, int64_t vocab_size) {
    if (vocab_size < 1 || vocab_size > INT32_MAX) {
        return failure("token file " + shown_path(path) + ": vocabulary of " +
                       std::to_string(vocab_size));
    }
    auto made = NewFile::create(path);
    if (!made) return made.error();
    FileHandle second(::fcntl(made->fd(), F_DUPFD_CLOEXEC, 0));
    std::FILE* file = second.valid() ? ::fdopen(second.get(), "w+b") : nullptr;
    if (!file) return file_error("cannot write", path, errno);
    (void)second.release();  // fclose() closes it
    TokenFileWriter writer(std::move(*made), vocab_size, file);
    const Header blank;
    if (std::fwrite(&blank, sizeof blank, 1, file) != 1) return writer.failed("write");
    return writer;
}

TokenFileWriter::TokenFileWriter(NewFile made, int64_t vocab_size, std::FILE* file)
    : made_(std::move(made)), vocab_size_(vocab_size), width_(width_for(vocab_size)), file_(file) {}

TokenFileWriter::TokenFileWriter(TokenFileWriter&& other) noexcept
    : made_(std::move(other.made_)),
      vocab_size_(other.vocab_size_),
      width_(other.width_),
      tokens_(other.tokens_),
      file_(std::exchange(other.file_, nullptr)) {}

TokenFileWriter::~TokenFileWriter() {
    if (file_) std::fclose(file_);
}

Error TokenFileWriter::failed(const std::string& doing) const {
    return file_error("cannot " + doing, made_.path(), errno);
}

Status TokenFileWriter::append(const int32_t* ids, int64_t count) {
    packed_.resize(static_cast<size_t>(count * width_));
    for (int64_t i = 0; i < count; ++i) {
        if (ids[i] < 0 || ids[i] >= vocab_size_) {
            return failure("token file " + shown_path(made_.path()) + ": id " +
                           std::to_string(ids[i]) + " is outside the vocabulary of " +
                           std::to_string(vocab_size_));
        }
        std::memcpy(packed_.data() + i * width_, ids + i, static_cast<size_t>(width_));
    }
    if (!packed_.empty() && std::fwrite(packed_.data(), packed_.size(), 1, file_) != 1) {
        return failed("write");
    }
    tokens_ += count;
    return {};
}

Status TokenFileWriter::read_back(int64_t from, int64_t count, std::vector<int32_t>& out) {
    packed_.resize(static_cast<size_t>(count * width_));
    out.resize(static_cast<size_t>(count));
    const off_t at = static_cast<off_t>(sizeof(Header)) + from * width_;
    if (::fseeko(file_, at, SEEK_SET) != 0 ||
        std::fread(packed_.data(), static_cast<size_t>(width_), out.size(), file_) != out.size()) {
        return failed("read back");
    }
    unpack(packed_.data(), width_, count, out.data());
    return {};
}

Status TokenFileWriter::move_tail(int64_t from, TokenFileWriter& other) {
    std::vector<int32_t> ids;
    for (int64_t at = from; at < tokens_; at += kBlock) {
        const int64_t count = std::min(kBlock, tokens_ - at);
        if (auto status = read_back(at, count, ids); !status) return status;
        if (auto status = other.append(ids); !status) return status;
    }
    if (std::fflush(file_) != 0) return failed("write");
    const off_t size = static_cast<off_t>(sizeof(Header)) + from * width_;
    if (::ftruncate(::fileno(file_), size) != 0 || ::fseeko(file_, 0, SEEK_END) != 0) {
        return failed("shorten");
    }
    tokens_ = from;
    return {};
}

Status TokenFileWriter::finish(const std::string& corpus_hash, const std::string& tokenizer_hash) {
    IdHash content;
    std::vector<int32_t> ids;
    for (int64_t at = 0; at < tokens_; at += kBlock) {
        if (auto status = read_back(at, std::min(kBlock, tokens_ - at), ids); !status)
            return status;
        content.add(ids);
    }
    Header header;
    std::memcpy(header.magic, kMagic.data(), kMagic.size());
    header.tokens = static_cast<uint64_t>(tokens_);
    header.width = static_cast<uint64_t>(width_);
    header.vocab_size = static_cast<uint64_t>(vocab_size_);
    set_hash(header.content, content.hex());
    set_hash(header.corpus, corpus_hash);
    set_hash(header.tokenizer, tokenizer_hash);
    set_hash(header.check, header_check(header));
    if (::fseeko(file_, 0, SEEK_SET) != 0 || std::fwrite(&header, sizeof header, 1, file_) != 1 ||
        std::fclose(std::exchange(file_, nullptr)) != 0) {
        return failed("write");
    }
    return made_.finish();
}

class TokenFile::Mapping {
  public:
    Mapping(void* data, size_t size) : data_(data), size_(size) {}
    ~Mapping() { ::munmap(data_, size_); }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    const unsigned char* data() const { return static_cast<const unsigned char*>(data_); }

  private:
    void* data_;
    size_t size_;
};

namespace {

std::string hash_text(const char (&field)[kHash]) {
    return std::string(field, strnlen(field, kHash));
}

/// What is wrong with a header for a file of `size` bytes, or "".
std::string header_fault(const Header& header, int64_t size) {
    if (std::memcmp(header.magic, kMagic.data(), kMagic.size()) != 0) {
        return "is no token file (no \"hopscope.tokens/1\" at its beginning)";
    }
    if (header_check(header) != std::string_view(header.check, kHash))
        return "has a damaged header";
    if (header.header_bytes != sizeof(Header) || header.vocab_size < 1 ||
        header.vocab_size > INT32_MAX ||
        header.width != static_cast<uint64_t>(width_for(static_cast<int64_t>(header.vocab_size)))) {
        return "has a header of impossible sizes";
    }
    const auto body = static_cast<uint64_t>(size) - sizeof(Header);
    if (body % header.width != 0 || body / header.width != header.tokens) {
        return "is truncated or too long: its header promises " + std::to_string(header.tokens) +
               " tokens of " + std::to_string(header.width) + " bytes, the file holds " +
               std::to_string(body) + " bytes of them";
    }
    return {};
}

}  // namespace

namespace {

Error refusal(const std::string& path, const std::string& what) {
    return usage_error("token file " + shown_path(path) + " " + what +
                       "; delete it: hopscope train --resume makes it again from the corpus");
}

}  // namespace

Result<TokenFile> TokenFile::map(const std::string& path) {
    const auto opened = open_to_read(path);
    if (!opened) return said_of("token file ", opened.error());
    const size_t size = opened->bytes;
    if (size < sizeof(Header))
        return refusal(path, "is truncated: it holds " + std::to_string(size) +
                                 " bytes, its header alone needs 256");
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, opened->handle.get(), 0);
    if (data == MAP_FAILED) return file_error("cannot map", path, errno);
    TokenFile out;
    out.mapping_ = std::make_shared<Mapping>(data, size);
    Header header;
    std::memcpy(&header, data, sizeof header);
    if (const auto fault = header_fault(header, static_cast<int64_t>(size)); !fault.empty())
        return refusal(path, fault);
    out.path_ = path;
    out.width_ = static_cast<int64_t>(header.width);
    out.ids_ = out.mapping_->data() + sizeof(Header);
    out.info_ = {static_cast<int64_t>(header.vocab_size), static_cast<int64_t>(header.tokens),
                 hash_text(header.content), hash_text(header.corpus), hash_text(header.tokenizer)};
    return out;
}

Result<TokenFileInfo> TokenFile::read_info(const std::string& path) {
    auto file = map(path);
    if (!file) return file.error();
    return file->info();
}

Result<TokenFile> TokenFile::open(const std::string& path) {
    auto mapped = map(path);
    if (!mapped) return mapped;
    TokenFile& out = *mapped;
    IdHash content;
    std::vector<int32_t> ids;
    for (int64_t at = 0; at < out.size(); at += kBlock) {
        ids.resize(static_cast<size_t>(std::min(kBlock, out.size() - at)));
        out.copy(at, static_cast<int64_t>(ids.size()), ids.data());
        for (size_t i = 0; i < ids.size(); ++i) {
            if (ids[i] < 0 || ids[i] >= out.info_.vocab_size) {
                return refusal(path, "is corrupt: token " +
                                         std::to_string(at + static_cast<int64_t>(i)) + " is " +
                                         std::to_string(ids[i]) + ", outside the vocabulary of " +
                                         std::to_string(out.info_.vocab_size));
            }
        }
        content.add(ids);
    }
    if (content.hex() != out.info_.content_hash)
        return refusal(path, "is corrupt: its tokens do not have the hash that its header names");
    return mapped;
}

int32_t TokenFile::operator[](int64_t i) const {
    int32_t id = 0;
    std::memcpy(&id, ids_ + i * width_, static_cast<size_t>(width_));
    return id;
}

void TokenFile::copy(int64_t from, int64_t count, int32_t* out) const {
    unpack(ids_ + from * width_, width_, count, out);
}

}  // namespace hopscope::core
