// The state of a search as bytes. What has a state says once what it is made of, for both directions:
//
//     template <class Archive>
//     void archive(Archive& archive) {
//         archive(part, other_part);
//     }
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace lanewise {

static_assert(std::endian::native == std::endian::little && sizeof(std::size_t) == sizeof(std::uint64_t));

/// What is stored as it is in memory; not bool, of which a byte can be none.
template <class T>
concept Plain = (std::is_arithmetic_v<T> || std::is_enum_v<T>)&&!std::is_same_v<T, bool>;

class Writer {
  public:
    static constexpr bool reads = false;

    template <class... Parts>
    void operator()(Parts&&... parts) {
        (put(parts), ...);
    }
    const std::string& bytes() const noexcept { return bytes_; }
    std::string take() { return std::move(bytes_); }

  private:
    template <Plain T>
    void put(const T& number) {
        put(std::span(&number, 1));
    }
    void put(bool truth) { put(static_cast<std::uint8_t>(truth)); }
    template <Plain T, std::size_t n>
    void put(std::span<T, n> numbers) {
        bytes_.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
    }
    template <class T>
    void put(std::vector<T>& parts) {
        put(parts.size());
        if constexpr (Plain<T>) {
            put(std::span(parts));
        } else {
            for (T& part : parts) put(part);
        }
    }
    void put(const std::string& text) {
        put(text.size());
        put(std::span(text));
    }
    template <class T>
    void put(std::optional<T>& part) {
        put(part.has_value());
        if (part) put(*part);
    }
    template <class T>
    auto put(T& part) -> decltype(part.archive(*this)) {
        part.archive(*this);
    }

    std::string bytes_;
};

/// \throws std::invalid_argument where the bytes are not what a Writer made of the same parts.
class Reader {
  public:
    static constexpr bool reads = true;

    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    template <class... Parts>
    void operator()(Parts&&... parts) {
        (get(parts), ...);
    }
    /// \throws std::invalid_argument naming the field, if one is given, where its rule does not hold.
    static void require(bool holds, std::string_view field = {}) {
        if (holds) return;
        std::string message = "the checkpoint is damaged or not complete";
        if (!field.empty()) message.append(": ").append(field);
        throw std::invalid_argument(message);
    }
    /// What make() returns; what that refuses is a field whose rule does not hold.
    template <class Make>
    static auto require_valid(Make make) -> decltype(make()) {
        try {
            return make();
        } catch (const std::invalid_argument& error) {
            require(false, error.what());
            throw;
        }
    }
    bool at_end() const { return bytes_.empty(); }
    /// Requires that so many parts of so many bytes each can follow, before room is made for them.
    void expect(std::size_t parts, std::size_t bytes_of_part, std::string_view field = {}) const {
        require(parts <= bytes_.size() / bytes_of_part, field);
    }

  private:
    template <Plain T>
    void get(T& number) {
        get(std::span(&number, 1));
    }
    void get(bool& truth) {
        std::uint8_t byte = 0;
        get(byte);
        require(byte <= 1);
        truth = byte == 1;
    }
    template <Plain T, std::size_t n>
    void get(std::span<T, n> numbers) {
        require(numbers.size_bytes() <= bytes_.size());
        if (numbers.empty()) return;
        std::memcpy(numbers.data(), bytes_.data(), numbers.size_bytes());
        bytes_.remove_prefix(numbers.size_bytes());
    }
    std::size_t get_size(std::size_t bytes_of_part) {
        std::size_t size = 0;
        get(size);
        expect(size, bytes_of_part);
        return size;
    }
    template <class T>
    void get(std::vector<T>& parts) {
        if constexpr (Plain<T>) {
            parts.resize(get_size(sizeof(T)));
            get(std::span(parts));
        } else {
            // Room is made for what has been read alone: a part in memory may be far larger than its bytes.
            parts.clear();
            for (std::size_t left = get_size(1); left > 0; --left) get(parts.emplace_back());
        }
    }
    void get(std::string& text) {
        text.resize(get_size(1));
        get(std::span(text));
    }
    template <class T>
    void get(std::optional<T>& part) {
        bool has_value = false;
        get(has_value);
        part.reset();
        if (has_value) get(part.emplace());
    }
    template <class T>
    auto get(T& part) -> decltype(part.archive(*this)) {
        part.archive(*this);
    }

    std::string_view bytes_;
};

}  // namespace lanewise
