// Declarations for the syntax check of AscendC text: names and arities only, written for this test.
#pragma once
#include <cstdint>
#define __global__
#define __aicore__
#define __gm__
#define GM_ADDR uint8_t*
#define KERNEL_TYPE_AIV_ONLY 0
#define KERNEL_TASK_TYPE_DEFAULT(kind) static_assert(kind == 0, "")

struct half {
    half() = default;
    explicit half(float);
    explicit half(int);
    half operator-() const;
};
struct bfloat16_t {};

namespace AscendC {
enum class TPosition { VECCALC };
enum class HardEvent { MTE2_V, V_MTE2, MTE3_V, V_MTE3, MTE2_MTE3, MTE3_MTE2, S_V, V_S, MTE2_S, S_MTE2, MTE3_S, S_MTE3 };
enum EventId { EVENT_ID0, EVENT_ID1, EVENT_ID2, EVENT_ID3, EVENT_ID4, EVENT_ID5, EVENT_ID6, EVENT_ID7 };
enum Pipe { PIPE_V, PIPE_MTE2, PIPE_MTE3, PIPE_ALL };
enum class RoundMode { CAST_NONE, CAST_RINT, CAST_FLOOR, CAST_CEIL, CAST_ROUND, CAST_TRUNC };
enum class CMPMODE { EQ, NE, LT, LE, GT, GE };
enum class SELMODE { VSEL_TENSOR_SCALAR_MODE, VSEL_TENSOR_TENSOR_MODE };
enum class ReduceOrder { ORDER_ONLY_VALUE };

template <typename T> struct LocalTensor {
    LocalTensor(TPosition position, uint32_t address, uint32_t elements);
    LocalTensor operator[](uint32_t offset) const;
    T GetValue(uint32_t index) const;
};
template <typename T> struct GlobalTensor {
    void SetGlobalBuffer(__gm__ T* address);
    GlobalTensor operator[](uint64_t offset) const;
    T GetValue(uint64_t index) const;
};
struct DataCopyExtParams { uint16_t blockCount; uint32_t blockLen; int64_t srcStride; int64_t dstStride; uint32_t reserved; };
template <typename T> struct DataCopyPadExtParams { bool isPad; uint8_t left; uint8_t right; uint64_t value; };
struct BinaryRepeatParams { uint8_t dst, first, second, dstRepeat, firstRepeat, secondRepeat; };

void InitSocState();
int64_t GetBlockIdx();
template <HardEvent event> void SetFlag(EventId id);
template <HardEvent event> void WaitFlag(EventId id);
template <Pipe pipe> void PipeBarrier();
void SyncAll();
template <typename T> void DataCopyPad(const LocalTensor<T>&, const GlobalTensor<T>&, const DataCopyExtParams&, const DataCopyPadExtParams<T>&);
template <typename T> void DataCopyPad(const GlobalTensor<T>&, const LocalTensor<T>&, const DataCopyExtParams&);

#define UNARY(NAME) template <typename T> void NAME(const LocalTensor<T>&, const LocalTensor<T>&, int32_t);
UNARY(Exp) UNARY(Ln) UNARY(Abs) UNARY(Sqrt) UNARY(Rsqrt) UNARY(Reciprocal) UNARY(Relu)
#define BINARY(NAME) \
    template <typename T> void NAME(const LocalTensor<T>&, const LocalTensor<T>&, const LocalTensor<T>&, int32_t); \
    template <typename T> void NAME(const LocalTensor<T>&, const LocalTensor<T>&, const LocalTensor<T>&, uint64_t, uint8_t, const BinaryRepeatParams&);
BINARY(Add) BINARY(Sub) BINARY(Mul) BINARY(Div) BINARY(Max) BINARY(Min)
#define BY_NUMBER(NAME) template <typename T> void NAME(const LocalTensor<T>&, const LocalTensor<T>&, const T&, int32_t);
BY_NUMBER(Adds) BY_NUMBER(Muls) BY_NUMBER(Maxs) BY_NUMBER(Mins)
template <typename T> void Duplicate(const LocalTensor<T>&, const T&, int32_t);
template <typename T> void CreateVecIndex(const LocalTensor<T>&, const T&, uint32_t);
template <typename T, typename U> void Cast(const LocalTensor<T>&, const LocalTensor<U>&, RoundMode, uint32_t);
template <typename T> void Compare(const LocalTensor<uint8_t>&, const LocalTensor<T>&, const LocalTensor<T>&, CMPMODE, uint32_t);
template <typename T> void CompareScalar(const LocalTensor<uint8_t>&, const LocalTensor<T>&, T, CMPMODE, uint32_t);
template <typename T> void Select(const LocalTensor<T>&, const LocalTensor<uint8_t>&, const LocalTensor<T>&, const LocalTensor<T>&, SELMODE, uint32_t);
template <typename T> void Select(const LocalTensor<T>&, const LocalTensor<uint8_t>&, const LocalTensor<T>&, T, SELMODE, uint32_t);
template <typename T> void WholeReduceSum(const LocalTensor<T>&, const LocalTensor<T>&, int32_t mask, int32_t repeats, int32_t, int32_t, int32_t);
#define WHOLE(NAME) template <typename T> void NAME(const LocalTensor<T>&, const LocalTensor<T>&, int32_t mask, int32_t repeats, int32_t, int32_t, int32_t, ReduceOrder);
WHOLE(WholeReduceMax) WHOLE(WholeReduceMin)
#define REDUCE(NAME) template <typename T> void NAME(const LocalTensor<T>&, const LocalTensor<T>&, const LocalTensor<T>&, int32_t);
REDUCE(ReduceSum) REDUCE(ReduceMax) REDUCE(ReduceMin)
}  // namespace AscendC
