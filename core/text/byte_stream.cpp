#include "core/text/byte_stream.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace hopscope::core {

namespace {

constexpr unsigned char kXzMagic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};
/// xz -9 needs 65 MiB; what asks for more is not a text that someone packed.
constexpr uint64_t kXzMemory = uint64_t{512} << 20;

class PlainStream : public ByteStream {
  public:
    PlainStream(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    ~PlainStream() override { ::close(fd_); }
    PlainStream(const PlainStream&) = delete;
    PlainStream& operator=(const PlainStream&) = delete;

    Result<size_t> read(char* out, size_t size) override {
        while (true) {
            const ssize_t got = ::read(fd_, out, size);
            if (got >= 0) {
                position_ += got;
                return static_cast<size_t>(got);
            }
            if (errno != EINTR) {
                return usage_error(path_ + ": cannot be read at byte " + std::to_string(position_) +
                                   ": " + std::strerror(errno));
            }
        }
    }
    int64_t packed_position() const override { return position_; }

  private:
    std::string path_;
    int fd_;
    int64_t position_ = 0;
};

class XzStream : public ByteStream {
  public:
    XzStream(std::string path, std::unique_ptr<ByteStream> packed)
        : path_(std::move(path)), packed_(std::move(packed)), in_(size_t{1} << 16) {
        ready_ = lzma_stream_decoder(&stream_, kXzMemory, LZMA_CONCATENATED) == LZMA_OK;
    }
    ~XzStream() override { lzma_end(&stream_); }
    XzStream(const XzStream&) = delete;
    XzStream& operator=(const XzStream&) = delete;

    Result<size_t> read(char* out, size_t size) override {
        if (!ready_) return failure(path_ + ": no memory to unpack .xz");
        if (ended_ || size == 0) return size_t{0};
        stream_.next_out = reinterpret_cast<uint8_t*>(out);
        stream_.avail_out = size;
        while (stream_.avail_out == size) {
            if (stream_.avail_in == 0 && !packed_ended_) {
                auto got = packed_->read(reinterpret_cast<char*>(in_.data()), in_.size());
                if (!got) return got.error();
                packed_ended_ = *got == 0;
                stream_.next_in = in_.data();
                stream_.avail_in = *got;
            }
            const lzma_ret code = lzma_code(&stream_, packed_ended_ ? LZMA_FINISH : LZMA_RUN);
            if (code == LZMA_STREAM_END) {
                ended_ = true;
                break;
            }
            if (code != LZMA_OK) return broken(code);
        }
        return size - stream_.avail_out;
    }
    int64_t packed_position() const override { return static_cast<int64_t>(stream_.total_in); }

  private:
    Error broken(lzma_ret code) const {
        const std::string where = " at byte " + std::to_string(stream_.total_in);
        switch (code) {
            case LZMA_BUF_ERROR:
                return usage_error(path_ + ": truncated .xz file: it ends" + where +
                                   " in the middle of the data; fetch or pack it again");
            case LZMA_MEMLIMIT_ERROR:
                return usage_error(path_ + ": unpacking needs more than " +
                                   std::to_string(kXzMemory >> 20) +
                                   " MiB; pack it again with xz -9 or less");
            case LZMA_OPTIONS_ERROR:
                return usage_error(path_ +
                                   ": .xz options that are not known here; unpack it first");
            case LZMA_MEM_ERROR:
                return failure(path_ + ": no memory to unpack .xz");
            default:
                return usage_error(path_ + ": corrupt .xz file" + where +
                                   "; fetch or pack it again");
        }
    }

    std::string path_;
    std::unique_ptr<ByteStream> packed_;
    std::vector<uint8_t> in_;
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool ready_ = false, packed_ended_ = false, ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> ByteStream::open(const std::string& path) {
    // O_NONBLOCK: opening a pipe without a writer would wait forever.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return usage_error(path + ": cannot be opened: " + std::strerror(errno));
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(fd);
        return usage_error(path + ": is no regular file");
    }
    unsigned char magic[6] = {};
    const bool packed = ::pread(fd, magic, 6, 0) == 6 && std::memcmp(magic, kXzMagic, 6) == 0;
    std::unique_ptr<ByteStream> plain = std::make_unique<PlainStream>(path, fd);
    if (packed) return {std::make_unique<XzStream>(path, std::move(plain))};
    if (path.ends_with(".xz")) {
        return usage_error(path + ": is named .xz but is no .xz file; rename or pack it again");
    }
    return plain;
}

}  // namespace hopscope::core
