#include <asmjit/x86.h>

#include <cstddef>
#include <map>
#include <stdexcept>

#include "asmjit_code.hpp"
#include "constants.hpp"

namespace lanewise::machine {

namespace {

namespace x86 = asmjit::x86;
using Id = x86::Inst::Id;

/// One instruction in double and in single precision.
struct Ids {
    std::uint32_t f64, f32;
};

// Comparisons of vcmp.
constexpr int equal_quiet = 0x00;
constexpr int unordered_quiet = 0x03;
constexpr int not_equal_quiet = 0x04;
constexpr int less_quiet = 0x11;
constexpr int less_or_equal_quiet = 0x12;
constexpr int not_less_quiet = 0x15;
constexpr int greater_or_equal_quiet = 0x1d;
constexpr int greater_quiet = 0x1e;

bool is_commutative(Op op) {
    switch (op) {
        case Op::add:
        case Op::mul:
        case Op::bit_and:
        case Op::bit_or:
        case Op::bit_xor:
        case Op::equal:
        case Op::unordered: return true;
        default: return false;
    }
}

bool is_comparison(Op op) {
    return op == Op::less || op == Op::less_or_equal || op == Op::equal || op == Op::unordered;
}

bool is_multiply_add(Op op) {
    return op == Op::fma || op == Op::fms || op == Op::fnma;
}

/// For AVX2 with FMA, or AVX-512 F.
class X86 final : public AsmJitCode<x86::Assembler> {
  public:
    X86(bool is_512, Precision precision, std::span<const double> pool, bool with_text)
        : AsmJitCode(asmjit::Arch::kX64, precision, is_512 ? 64 : 32,
                     is_512 ? PoolOf::numbers : PoolOf::vectors, pool, with_text),
          is_512_(is_512) {}

    Register registers() const override { return is_512_ ? 32 : 16; }

    bool reads_memory(Op op, std::size_t operand, Base base) const override {
        if (!is_512_ && is_for_all_lanes(base)) return false;
        switch (op) {
            case Op::sub:
            case Op::div:
            case Op::min:
            case Op::max:
            case Op::bit_and_not: return operand == 1;
            case Op::blend: return is_512_ || operand == 1;
            case Op::leave_unless_all:
            case Op::root_if_out_of_range:
            case Op::call_if_any:
            case Op::store: return false;
            case Op::shift_left: return is_512_;
            default: return true;
        }
    }

    unsigned tied_operands(Op op) const override {
        if (is_multiply_add(op) || (op == Op::blend && is_512_)) return 0b111;
        return op == Op::root_if_out_of_range || op == Op::call_if_any ? 0b001 : 0;
    }

    void load(Register to, Place from) override {
        const x86::Mem memory = address(from);
        if (is_for_all_lanes(from.base)) {
            emit({Id::kIdVbroadcastsd, Id::kIdVbroadcastss}, vec(to), memory);
        } else {
            emit({Id::kIdVmovupd, Id::kIdVmovups}, vec(to), memory);
        }
    }

    void store(Place to, Register from) override {
        const x86::Mem memory = address(to);
        emit({Id::kIdVmovupd, Id::kIdVmovups}, memory, vec(from));
    }

    void move(Register to, Register from) override {
        emit({Id::kIdVmovapd, Id::kIdVmovaps}, vec(to), vec(from));
    }

    void operate(const Instruction& instruction, Register to,
                 const std::array<Operand, 3>& operands) override {
        const Op op = instruction.op;
        auto [a, b, c] = operands;
        if (is_multiply_add(op)) {
            multiply_add(op, to, a, b, c);
        } else if (is_comparison(op)) {
            compare(op, to, a, b);
        } else {
            if (is_commutative(op) && a.place) std::swap(a, b);
            switch (op) {
                case Op::add: emit({Id::kIdVaddpd, Id::kIdVaddps}, vec(to), vec(a.reg), read(b)); break;
                case Op::sub: emit({Id::kIdVsubpd, Id::kIdVsubps}, vec(to), vec(a.reg), read(b)); break;
                case Op::mul: emit({Id::kIdVmulpd, Id::kIdVmulps}, vec(to), vec(a.reg), read(b)); break;
                case Op::div: emit({Id::kIdVdivpd, Id::kIdVdivps}, vec(to), vec(a.reg), read(b)); break;
                case Op::min: emit({Id::kIdVminpd, Id::kIdVminps}, vec(to), vec(a.reg), read(b)); break;
                case Op::max: emit({Id::kIdVmaxpd, Id::kIdVmaxps}, vec(to), vec(a.reg), read(b)); break;
                case Op::sqrt: emit({Id::kIdVsqrtpd, Id::kIdVsqrtps}, vec(to), read(a)); break;
                case Op::floor: round(to, a, 9); break;
                case Op::ceil: round(to, a, 10); break;
                case Op::bit_and: bits(Id::kIdVandpd, Id::kIdVpandq, Id::kIdVpandd, to, a, b); break;
                case Op::bit_and_not: bits(Id::kIdVandnpd, Id::kIdVpandnq, Id::kIdVpandnd, to, a, b); break;
                case Op::bit_or: bits(Id::kIdVorpd, Id::kIdVporq, Id::kIdVpord, to, a, b); break;
                case Op::bit_xor: bits(Id::kIdVxorpd, Id::kIdVpxorq, Id::kIdVpxord, to, a, b); break;
                case Op::blend: blend(to, a, b, c); break;
                case Op::estimate_inverse_root:
                    emit({Id::kIdVrsqrt14pd, Id::kIdVrsqrt14ps}, vec(to), read(a));
                    break;
                case Op::shift_left:
                    emit({Id::kIdVpsllq, Id::kIdVpslld}, vec(to), read(a), asmjit::Imm(instruction.amount));
                    break;
                case Op::call_if_any: call_if_any(instruction.function, to, b.reg, c.reg); break;
                case Op::root_if_out_of_range: root_if_out_of_range(to, b.reg); break;
                default: throw std::logic_error("an operation that has no instruction");
            }
        }
    }

    void call(kernels::Call function, Place second) override {
        if (second) a_.lea(x86::rdi, address(second));
        call_plainly(function);
        if (has_data_) load_row();
    }

    void leave_unless_all(Register mask) override {
        if (is_512_) {
            emit({Id::kIdVptestmq, Id::kIdVptestmd}, x86::k1, vec(mask), vec(mask));
            a_.kmovw(x86::eax, x86::k1);
        } else {
            emit({Id::kIdVmovmskpd, Id::kIdVmovmskps}, x86::eax, vec(mask));
        }
        a_.cmp(x86::eax, (1 << lanes()) - 1);
        a_.jne(leave_);
    }

    void begin_piece() override {
        a_.mov(pitch_, local(1));  // of rows, in bytes
        a_.mov(x_, local(2));
        a_.mov(f_, local(3));
        a_.mov(g_, local(4));
        a_.mov(scratch_, local(5));
        a_.mov(left_, pitch_);
        loop_ = a_.newLabel();
        a_.bind(loop_);
    }

    void end_piece() override {
        for (const x86::Gp& pointer : {x_, g_, scratch_, f_}) a_.add(pointer, vector_bytes());
        a_.sub(left_, vector_bytes());
        a_.jnz(loop_);
    }

    std::size_t end_evaluate(std::size_t spills) override {
        leave_function();
        const std::size_t entry = enter_function(spills);
        begin_with_arguments();
        return entry;
    }

    void begin_evaluate_data(std::size_t shared_columns) override {
        has_data_ = true;
        row_bytes_ = static_cast<int>(shared_columns) * number_bytes();
        begin_evaluate();
        begin_piece();
    }

    void begin_rows() override {
        a_.mov(x86::r11, local(data_local));
        a_.mov(shared_, data(offsetof(Data, shared)));
        a_.mov(by_lane_, data(offsetof(Data, by_lane)));
        a_.add(by_lane_, local(lane_local));
    }

    void begin_loop(kernels::RowsOf rows) override {
        row_loop_ = a_.newLabel();
        no_rows_ = a_.newLabel();
        a_.mov(x86::r11, local(data_local));
        if (rows == kernels::RowsOf::all_lanes) {
            a_.mov(rows_left_, data(offsetof(Data, least)));
            a_.test(rows_left_, rows_left_);
        } else {
            a_.mov(rows_left_, data(offsetof(Data, most)));
            a_.sub(rows_left_, data(offsetof(Data, least)));
        }
        a_.jz(no_rows_);
        a_.bind(row_loop_);
        a_.mov(local(row_locals), shared_);
        a_.mov(local(row_locals + 1), by_lane_);
        a_.mov(local(row_locals + 2), rows_left_);
    }

    void end_loop() override {
        if (row_bytes_ != 0) a_.add(shared_, row_bytes_);
        a_.add(by_lane_, local(stride_local));
        a_.dec(rows_left_);
        a_.jnz(row_loop_);
        a_.bind(no_rows_);
    }

    std::size_t end_evaluate_data(std::size_t spills) override {
        a_.add(x86::qword_ptr(x86::rsp, 8 * lane_local), vector_bytes());
        a_.add(x86::qword_ptr(x86::rsp, 8 * parameter_local), vector_bytes());
        end_piece();
        leave_function();
        has_data_ = false;
        const std::size_t entry = enter_function(spills);
        a_.mov(local(data_local), x86::r9);
        a_.mov(x86::r11, x86::r9);
        a_.mov(x86::rax, data(offsetof(Data, parameters)));
        a_.mov(local(parameter_local), x86::rax);
        a_.mov(x86::qword_ptr(x86::rsp, 8 * lane_local), 0);
        a_.mov(x86::rax, x86::rdi);
        a_.shl(x86::rax, is_double() ? 3 : 2);
        a_.imul(x86::rax, data(offsetof(Data, lane_columns)));
        a_.mov(local(stride_local), x86::rax);
        begin_with_arguments();
        return entry;
    }

    std::size_t end_turns(std::size_t spills) override {
        a_.bind(body_);
        const asmjit::Label round = a_.newLabel();
        const asmjit::Label done = a_.newLabel();
        a_.mov(previous_, current_);
        a_.mov(step_, step_now_);
        a_.add(current_, frame_bytes_);
        a_.cmp(current_, turns(offsetof(kernels::Turns<double>, end)));
        a_.jne(loop_);
        const int step_bytes = is_double() ? sizeof(kernels::Step<double>) : sizeof(kernels::Step<float>);
        a_.mov(x86::rax, turns(offsetof(kernels::Turns<double>, step)));
        a_.add(x86::rax, step_bytes);
        a_.cmp(x86::rax, turns(offsetof(kernels::Turns<double>, last)));
        a_.je(done);
        a_.mov(turns(offsetof(kernels::Turns<double>, step)), x86::rax);
        a_.mov(current_, turns(offsetof(kernels::Turns<double>, begin)));
        a_.xor_(step_now_, static_cast<int>(kernels::StepRow::rows) * vector_bytes());
        a_.mov(turns(offsetof(kernels::Turns<double>, step_rows)), step_now_);
        constexpr int numbers = 5;  // of kernels::Step, the first rows of kernels::StepRow
        for (int i = 0; i < numbers; ++i) {
            emit({Id::kIdVbroadcastsd, Id::kIdVbroadcastss}, vec(0), x86::ptr(x86::rax, i * number_bytes()));
            store({Base::step_now, static_cast<std::uint32_t>(i)}, 0);
        }
        const Place iteration{Base::step, static_cast<std::uint32_t>(kernels::StepRow::iteration)};
        load(0, iteration);
        emit({Id::kIdVaddpd, Id::kIdVaddps}, vec(0), vec(0), number(Constant::one));
        store({Base::step_now, iteration.index}, 0);
        a_.jmp(loop_);

        a_.bind(done);
        a_.mov(current_, previous_);
        a_.mov(x86::eax, 1);
        a_.jmp(round);
        a_.bind(leave_);
        a_.xor_(x86::eax, x86::eax);
        a_.bind(round);
        a_.mov(turns(offsetof(kernels::Turns<double>, current)), current_);
        leave_function();
        const std::size_t entry = enter_function(spills);
        a_.mov(turns_, x86::rdi);
        a_.mov(current_, turns(offsetof(kernels::Turns<double>, current)));
        a_.mov(ranges_, turns(offsetof(kernels::Turns<double>, ranges)));
        a_.mov(step_now_, turns(offsetof(kernels::Turns<double>, step_rows)));
        a_.jmp(body_);
        return entry;
    }

  private:
    using Data = kernels::DataRows<double>;  // pointers and counts, whatever the precision

    /// The arguments that `evaluate` and `evaluate_data` have in common.
    void begin_with_arguments() {
        a_.shl(x86::rdi, is_double() ? 3 : 2);
        a_.mov(local(1), x86::rdi);
        a_.mov(local(2), x86::rsi);
        a_.mov(local(3), x86::rdx);
        a_.mov(local(4), x86::rcx);
        a_.mov(local(5), x86::r8);
        a_.jmp(body_);
    }

    void call_plainly(kernels::Call function) {
        a_.mov(x86::rax, reinterpret_cast<std::uintptr_t>(function));
        a_.call(x86::rax);
    }

    /// Functions that are called do not keep these registers.
    void load_row() {
        a_.mov(shared_, local(row_locals));
        a_.mov(by_lane_, local(row_locals + 1));
        a_.mov(rows_left_, local(row_locals + 2));
    }

    static x86::Mem data(std::size_t offset) { return x86::ptr(x86::r11, static_cast<int>(offset)); }

    /// One number stands for all lanes. The pool has one of each for AVX-512, whose instructions spread it.
    bool is_for_all_lanes(Base base) const {
        return base == Base::shared_column || (base == Base::pool && is_512_);
    }

    template <class... Operands>
    void emit(Ids ids, const Operands&... operands) {
        a_.emit(is_double() ? ids.f64 : ids.f32, operands...);
    }

    x86::Vec vec(Register reg) const {
        if (is_512_) return x86::zmm(reg);
        return x86::ymm(reg);
    }

    /// The operands of an instruction may be either. Of an address the instructions come first.
    asmjit::Operand read(const Operand& operand) {
        if (!operand.place) return vec(operand.reg);
        const x86::Mem memory = address(operand.place);
        if (!is_for_all_lanes(operand.place.base)) return memory;
        if (is_double()) return memory._1to8();
        return memory._1to16();
    }

    x86::Mem address(Place place) {
        switch (place.base) {
            case Base::spill: return x86::ptr(x86::rsp, offset(place));
            case Base::pool: return x86::ptr(pool_, offset(place));
            case Base::x: return row(x_, place.index);
            case Base::scratch: return row(scratch_, place.index);
            case Base::gradient: return row(g_, place.index);
            case Base::value: return x86::ptr(f_, offset(place));
            case Base::shared_column:
                return x86::ptr(shared_, static_cast<int>(place.index) * number_bytes());
            case Base::lane_column: return row(by_lane_, place.index);
            case Base::parameter: a_.mov(x86::r11, local(parameter_local)); return row(x86::r11, place.index);
            case Base::current: return x86::ptr(current_, offset(place));
            case Base::previous: return x86::ptr(previous_, offset(place));
            case Base::ranges: return x86::ptr(ranges_, offset(place));
            case Base::step: return x86::ptr(step_, offset(place));
            case Base::step_now: return x86::ptr(step_now_, offset(place));
            case Base::none: break;
        }
        return {};
    }

    x86::Mem row(const x86::Gp& base, std::uint32_t index) {
        switch (index) {
            case 0: return x86::ptr(base);
            case 1: return x86::ptr(base, pitch_);
            case 2: return x86::ptr(base, pitch_, 1);
            case 4: return x86::ptr(base, pitch_, 2);
            case 8: return x86::ptr(base, pitch_, 3);
            default: a_.imul(x86::rax, pitch_, index); return x86::ptr(base, x86::rax);
        }
    }

    asmjit::Operand number(Constant which) {
        return read({.place = {Base::pool, static_cast<std::uint32_t>(which)}});
    }
    x86::Mem turns(int offset) const { return x86::ptr(turns_, offset); }
    x86::Mem local(int index) const { return x86::ptr(x86::rsp, 8 * index); }

    void multiply_add(Op op, Register to, Operand a, Operand b, Operand c) {
        constexpr Ids f132[] = {{Id::kIdVfmadd132pd, Id::kIdVfmadd132ps},
                                {Id::kIdVfmsub132pd, Id::kIdVfmsub132ps},
                                {Id::kIdVfnmadd132pd, Id::kIdVfnmadd132ps}};
        constexpr Ids f213[] = {{Id::kIdVfmadd213pd, Id::kIdVfmadd213ps},
                                {Id::kIdVfmsub213pd, Id::kIdVfmsub213ps},
                                {Id::kIdVfnmadd213pd, Id::kIdVfnmadd213ps}};
        constexpr Ids f231[] = {{Id::kIdVfmadd231pd, Id::kIdVfmadd231ps},
                                {Id::kIdVfmsub231pd, Id::kIdVfmsub231ps},
                                {Id::kIdVfnmadd231pd, Id::kIdVfnmadd231ps}};
        const auto kind = static_cast<std::size_t>(op) - static_cast<std::size_t>(Op::fma);
        if (!c.place && c.reg == to) {  // to = a*b + to
            if (a.place) std::swap(a, b);
            emit(f231[kind], vec(to), vec(a.reg), read(b));
            return;
        }
        if (a.place || a.reg != to) std::swap(a, b);  // now to is a
        if (b.place) {
            emit(f132[kind], vec(to), vec(c.reg), read(b));
        } else {
            emit(f213[kind], vec(to), vec(b.reg), read(c));
        }
    }

    void compare(Op op, Register to, Operand a, Operand b) {
        const bool is_swapped = static_cast<bool>(a.place);
        int comparison = op == Op::less ? (is_swapped ? greater_quiet : less_quiet)
                         : op == Op::less_or_equal
                             ? (is_swapped ? greater_or_equal_quiet : less_or_equal_quiet)
                         : op == Op::equal ? equal_quiet
                                           : unordered_quiet;
        if (is_swapped) std::swap(a, b);
        constexpr Ids ids{Id::kIdVcmppd, Id::kIdVcmpps};
        if (is_512_) {
            emit(ids, x86::k1, vec(a.reg), read(b), asmjit::Imm(comparison));
            a_.k(x86::k1).z();
            emit({Id::kIdVpternlogq, Id::kIdVpternlogd}, vec(to), vec(to), vec(to), asmjit::Imm(0xff));
        } else {
            emit(ids, vec(to), vec(a.reg), read(b), asmjit::Imm(comparison));
        }
    }

    void blend(Register to, Operand mask, Operand set, Operand clear) {
        if (!is_512_) {
            emit({Id::kIdVblendvpd, Id::kIdVblendvps}, vec(to), vec(clear.reg), read(set), vec(mask.reg));
            return;
        }
        // A table of the result by the bits of three operands: the register of the result first, memory last.
        struct Input {
            Operand operand;
            unsigned char bits;
        };
        std::array<Input, 3> inputs = {Input{mask, 0b001}, Input{set, 0b010}, Input{clear, 0b100}};
        const auto bring = [&](std::size_t place, auto is_right) {
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                if (is_right(inputs[i].operand)) {
                    std::swap(inputs[place], inputs[i]);
                    return;
                }
            }
        };
        bring(2, [](const Operand& operand) { return static_cast<bool>(operand.place); });
        bring(0, [&](const Operand& operand) { return !operand.place && operand.reg == to; });
        int table = 0;
        for (int bits = 0; bits < 8; ++bits) {  // of the first, second and third
            unsigned char set_bits = 0;
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                if ((bits >> (2 - i) & 1) != 0) set_bits |= inputs[i].bits;
            }
            const bool result = (set_bits & 0b001) != 0 ? (set_bits & 0b010) != 0 : (set_bits & 0b100) != 0;
            table |= static_cast<int>(result) << bits;
        }
        emit({Id::kIdVpternlogq, Id::kIdVpternlogd}, vec(to), vec(inputs[1].operand.reg),
             read(inputs[2].operand), asmjit::Imm(table));
    }

    void round(Register to, const Operand& a, int direction) {
        if (is_512_) {
            emit({Id::kIdVrndscalepd, Id::kIdVrndscaleps}, vec(to), read(a), asmjit::Imm(direction));
        } else {
            emit({Id::kIdVroundpd, Id::kIdVroundps}, vec(to), read(a), asmjit::Imm(direction));
        }
    }

    /// AVX-512 F has them for integers only.
    void bits(std::uint32_t avx, std::uint32_t of_64, std::uint32_t of_32, Register to, const Operand& a,
              const Operand& b) {
        const std::uint32_t id = !is_512_ ? avx : is_double() ? of_64 : of_32;
        a_.emit(id, vec(to), vec(a.reg), read(b));
    }

    void root_if_out_of_range(Register root, Register of) {
        constexpr Ids ids{Id::kIdVcmppd, Id::kIdVcmpps};
        emit(ids, x86::k1, vec(of), number(Constant::newton_from), asmjit::Imm(not_less_quiet));
        a_.k(x86::k1);
        emit(ids, x86::k1, vec(of), number(Constant::infinity), asmjit::Imm(not_equal_quiet));
        a_.kmovw(x86::eax, x86::k1);
        a_.cmp(x86::eax, (1 << lanes()) - 1);
        detours_.push_back({a_.newLabel(), a_.newLabel(), root, of, nullptr});
        a_.jne(detours_.back().begin);
        a_.bind(detours_.back().end);
    }

    void call_if_any(kernels::Call function, Register to, Register mask, Register of) {
        if (is_512_) {
            emit({Id::kIdVptestmq, Id::kIdVptestmd}, x86::k1, vec(mask), vec(mask));
            a_.kortestw(x86::k1, x86::k1);
        } else {
            emit({Id::kIdVmovmskpd, Id::kIdVmovmskps}, x86::eax, vec(mask));
            a_.test(x86::eax, x86::eax);
        }
        detours_.push_back({a_.newLabel(), a_.newLabel(), to, of, function});
        a_.jnz(detours_.back().begin);
        a_.bind(detours_.back().end);
    }

    /// The way round: a function that takes its operand from the stack and leaves its result there, and all
    /// registers as they are.
    void bind_aside(kernels::Call function, const asmjit::Label& label) {
        constexpr int back = 64;  // the address to return to, and what aligns the stack
        const int bytes = static_cast<int>(registers()) * vector_bytes() + back - 8;
        const auto saved = [&](Register reg) { return x86::ptr(x86::rsp, reg * vector_bytes()); };
        const x86::Mem operand = x86::ptr(x86::rsp, bytes + 8 + aside_offset);
        const Ids move{Id::kIdVmovupd, Id::kIdVmovups};
        a_.bind(label);
        a_.sub(x86::rsp, bytes);
        for (Register reg = 0; reg < registers(); ++reg) emit(move, saved(reg), vec(reg));
        emit(move, vec(0), operand);
        call_plainly(function);
        emit(move, operand, vec(0));
        for (Register reg = 0; reg < registers(); ++reg) emit(move, vec(reg), saved(reg));
        a_.add(x86::rsp, bytes);
        a_.ret();
    }

    void write_detours() {
        std::map<kernels::Call, asmjit::Label> asides;
        for (const Detour& detour : detours_) {
            a_.bind(detour.begin);
            if (detour.function == nullptr) {
                emit({Id::kIdVsqrtpd, Id::kIdVsqrtps}, vec(detour.to), vec(detour.from));
            } else {
                const auto [aside, is_new] = asides.try_emplace(detour.function);
                if (is_new) aside->second = a_.newLabel();
                const x86::Mem operand = x86::ptr(x86::rsp, aside_offset);
                emit({Id::kIdVmovupd, Id::kIdVmovups}, operand, vec(detour.from));
                a_.call(aside->second);
                if (has_data_) load_row();
                emit({Id::kIdVmovupd, Id::kIdVmovups}, vec(detour.to), operand);
            }
            a_.jmp(detour.end);
        }
        for (const auto& [function, label] : asides) bind_aside(function, label);
        detours_.clear();
    }

    void leave_function() {
        a_.vzeroupper();
        a_.mov(x86::rsp, local(0));
        for (const x86::Gp& reg : {x86::r15, x86::r14, x86::r13, x86::r12, x86::rbp, x86::rbx}) a_.pop(reg);
        a_.ret();
        write_detours();
    }

    /// The beginning of a function comes after its end: only then is it known how much of the stack it takes.
    std::size_t enter_function(std::size_t spills) {
        a_.align(asmjit::AlignMode::kCode, 16);
        const std::size_t entry = a_.offset();
        for (const x86::Gp& reg : {x86::rbx, x86::rbp, x86::r12, x86::r13, x86::r14, x86::r15}) a_.push(reg);
        a_.mov(x86::rax, x86::rsp);
        const std::int32_t bytes = stack_bytes(spills);
        for (std::int32_t below = page_bytes; below < bytes + alignment; below += page_bytes)
            a_.or_(x86::dword_ptr(x86::rsp, -below), 0);
        a_.sub(x86::rsp, bytes);
        a_.and_(x86::rsp, -alignment);
        a_.mov(local(0), x86::rax);
        return entry;
    }

    // Of `evaluate`; all of them are kept by functions that are called.
    const x86::Gp x_ = x86::rbx, g_ = x86::rbp, scratch_ = x86::r12, left_ = x86::r13, pitch_ = x86::r14,
                  f_ = x86::r15;
    // Of `evaluate_data`.
    const x86::Gp shared_ = x86::r8, by_lane_ = x86::r9, rows_left_ = x86::r10;
    // Words on the stack: the data, bytes from a row to the next, from the first lane to this vector, where
    // the parameters of this vector are, and the registers of the row that is under way.
    static constexpr int data_local = 6, stride_local = 7, lane_local = 8, parameter_local = 9,
                         row_locals = 10;
    // Of `take_turns`.
    const x86::Gp current_ = x86::rbx, previous_ = x86::rbp, step_ = x86::r12, ranges_ = x86::r13,
                  turns_ = x86::r14, step_now_ = x86::r15;

    bool is_512_;
    bool has_data_ = false;
    int row_bytes_ = 0;
    asmjit::Label row_loop_, no_rows_;
};

}  // namespace

bool has_machine_code(Isa isa) {
    return isa == Isa::avx2 || isa == Isa::avx512;
}

std::unique_ptr<Assembler> make_assembler(Isa isa, Precision precision, std::span<const double> pool,
                                          bool with_text) {
    return std::make_unique<X86>(isa == Isa::avx512, precision, pool, with_text);
}

}  // namespace lanewise::machine
