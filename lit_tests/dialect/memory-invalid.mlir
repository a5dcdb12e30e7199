// What a buffer or a move cannot be.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// Global memory comes from outside.
// CHECK: npu.alloc: global memory comes from the kernel's arguments
%a = npu.alloc : memref<8x64xf32, #npu.scope<global>>

// -----

// A buffer is somewhere.
// CHECK: expected a memref with an #npu.scope memory space, got memref<8x64xf32>
%a = npu.alloc : memref<8x64xf32>

// -----

// Its size is known.
// CHECK: npu.alloc: a buffer needs a static shape
%a = npu.alloc : memref<?x64xf32, #npu.scope<ub>>

// -----

// An address counts from 0.
// CHECK: npu.alloc: address -32 is negative
%a = npu.alloc at -32 : memref<8x64xf32, #npu.scope<ub>>

// -----

// Rows in ub start on a block.
// CHECK: npu.alloc: rows of 132 bytes in ub are not a multiple of 32 bytes; pad the row stride
%a = npu.alloc : memref<3x33xf32, #npu.scope<ub>>

// -----

// Elements of a row are adjacent.
// CHECK: npu.alloc: the innermost stride must be 1
%a = npu.alloc : memref<8x64xf32, strided<[128, 2]>, #npu.scope<ub>>

// -----

// The cube core's buffers are matrices.
// CHECK: npu.alloc: a buffer in l1 is a matrix without layout: fractals are implied
%a = npu.alloc : memref<64xf32, #npu.scope<l1>>

// -----

// Their layout is not for the program to say.
// CHECK: npu.alloc: a buffer in l0c is a matrix without layout: fractals are implied
%a = npu.alloc : memref<16x16xf32, strided<[32, 1]>, #npu.scope<l0c>>

// -----

// A load comes from global memory.
// CHECK: npu.load: source must be in global, but is in ub
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.load %a into %b : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<ub>>
  func.return
}

// -----

// It goes to ub or l1.
// CHECK: npu.load: destination must be in ub or l1, but is in l0c
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x64xf32, #npu.scope<l0c>>) {
  npu.load %a into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<l0c>>
  func.return
}

// -----

// Shapes agree, up to unit dimensions.
// CHECK: npu.load: shapes differ: {{\[}}8, 64] into {{\[}}8, 32]
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x32xf32, #npu.scope<ub>>) {
  npu.load %a into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x32xf32, #npu.scope<ub>>
  func.return
}

// -----

// A load does not convert.
// CHECK: npu.load: dtypes differ: f32 into f16
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x64xf16, #npu.scope<ub>>) {
  npu.load %a into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf16, #npu.scope<ub>>
  func.return
}

// -----

// A padded load: one dtype, the pad's too.
// CHECK: npu.load: source, pad and destination must have one dtype
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x64xf32, #npu.scope<ub>>, %c: f16) {
  npu.load %a into %b pad %c : f16 in : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  func.return
}

// -----

// A padded load: not into less than the source.
// CHECK: npu.load: a padded destination must be at least the source
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x32xf32, #npu.scope<ub>>, %c: f32) {
  npu.load %a into %b pad %c : f32 in : memref<8x64xf32, #npu.scope<global>> into memref<8x32xf32, #npu.scope<ub>>
  func.return
}

// -----

// A padded load still comes from global memory.
// CHECK: npu.load: source must be in global, but is in ub
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>, %c: f32) {
  npu.load %a into %b pad %c : f32 in : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<ub>>
  func.return
}

// -----

// A padded load still goes to ub or l1.
// CHECK: npu.load: destination must be in ub or l1, but is in global
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x64xf32, #npu.scope<global>>, %c: f32) {
  npu.load %a into %b pad %c : f32 in : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<global>>
  func.return
}

// -----

// A store comes from ub.
// CHECK: npu.store: source must be in ub, but is in l1
func.func @f(%a: memref<8x64xf32, #npu.scope<l1>>, %b: memref<8x64xf32, #npu.scope<global>>) {
  npu.store %a into %b : memref<8x64xf32, #npu.scope<l1>> into memref<8x64xf32, #npu.scope<global>>
  func.return
}

// -----

// It goes to global memory.
// CHECK: npu.store: destination must be in global, but is in ub
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.store %a into %b : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<ub>>
  func.return
}

// -----

// A copy stays in ub.
// CHECK: npu.copy: source must be in ub, but is in global
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.copy %a into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  func.return
}

// -----

// At both ends.
// CHECK: npu.copy: destination must be in ub, but is in l1
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<l1>>) {
  npu.copy %a into %b : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<l1>>
  func.return
}

// -----

// A read is from memory that the scalar unit sees.
// CHECK: npu.read: source must be in global or ub, but is in l1
func.func @f(%a: memref<8x64xf32, #npu.scope<l1>>, %b: index) {
  %v = npu.read %a[%b, %b] : memref<8x64xf32, #npu.scope<l1>> -> f32
  func.return
}

// -----

// With an index for each dimension.
// CHECK: npu.read: 1 indices for 2 dimensions
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: index) {
  %v = npu.read %a[%b] : memref<8x64xf32, #npu.scope<ub>> -> f32
  func.return
}

// -----

// It gives an element.
// CHECK: npu.read: the result must have the element's type
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: index) {
  %v = npu.read %a[%b, %b] : memref<8x64xf32, #npu.scope<ub>> -> f16
  func.return
}
