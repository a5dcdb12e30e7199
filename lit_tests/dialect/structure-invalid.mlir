// What a kernel, a launch or an undecided op cannot be.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// A kernel computes something.
// CHECK: npu.kernel: a kernel needs at least one output
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs() on <vector> blocks 1 target "t" {
}

// -----

// Its arguments are global.
// CHECK: npu.kernel: arguments must be in global memory
npu.kernel @k ins() outs(%y: memref<8x64xf32, #npu.scope<ub>>) on <vector> blocks 1 target "t" {
}

// -----

// They have a scope.
// CHECK: expected a memref with an #npu.scope memory space, got tensor<8x64xf32>
npu.kernel @k ins() outs(%y: tensor<8x64xf32>) on <vector> blocks 1 target "t" {
}

// -----

// And a size: a dynamic one depends on extents.
// CHECK: npu.kernel: dynamic dimensions need extents
npu.kernel @k ins() outs(%y: memref<?x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}

// -----

// It runs at least once.
// CHECK: npu.kernel: 0 blocks
npu.kernel @k ins() outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 0 target "t" {
}

// -----

// npu.return belongs into a kernel.
// CHECK: 'npu.return' expects parent op 'npu.kernel'
func.func @f() {
  npu.return
}

// -----

// A launch is of a kernel.
// CHECK: npu.launch: @main is not an npu.kernel
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<8x64xf32>, %m: memref<8x64xf32, #npu.scope<global>>) {
  %r = npu.launch @main(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  func.return
}

// -----

// That exists.
// CHECK: npu.launch: @other is not an npu.kernel
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<8x64xf32>, %m: memref<8x64xf32, #npu.scope<global>>) {
  %r = npu.launch @other(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  func.return
}

// -----

// With all its buffers.
// CHECK: npu.launch: 1 buffers for the 2 of @k
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<8x64xf32>, %m: memref<8x64xf32, #npu.scope<global>>) {
  npu.launch @k(%x) : (tensor<8x64xf32>) -> ()
  func.return
}

// -----

// Of the kernel's types.
// CHECK: npu.launch: tensor<8x32xf32> given for memref<8x64xf32, #npu.scope<global>> of @k
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<8x64xf32>, %m: memref<8x64xf32, #npu.scope<global>>) {
  %r = npu.launch @k(%x) : (tensor<8x64xf32>) -> tensor<8x32xf32>
  func.return
}

// -----

// Of the kernel's dtypes.
// CHECK: npu.launch: tensor<8x64xf16> given for memref<8x64xf32, #npu.scope<global>> of @k
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<8x64xf32>, %m: memref<8x64xf32, #npu.scope<global>>) {
  %r = npu.launch @k(%x) : (tensor<8x64xf32>) -> tensor<8x64xf16>
  func.return
}

// -----

// The region of an undecided op takes its inputs.
// CHECK: npu.undecided: block arguments must have the inputs' types
func.func @main(%x: tensor<8x64xf32>) {
  %u = npu.undecided ins(%x : tensor<8x64xf32>) -> (tensor<8x64xf32>) {
  ^bb0(%a: tensor<8x32xf32>):
  %e = arith.constant dense<0.0> : tensor<8x64xf32>
  npu.yield %e : tensor<8x64xf32>
  }
  func.return
}

// -----

// It ends with its results.
// CHECK: npu.undecided: the region must end with npu.yield
func.func @main(%x: tensor<8x64xf32>) {
  %u = npu.undecided ins() -> (tensor<8x64xf32>) {
  
  "test.termop"() : () -> ()
  }
  func.return
}

// -----

// All of them.
// CHECK: npu.undecided: npu.yield must give the result types
func.func @main(%x: tensor<8x64xf32>) {
  %u = npu.undecided ins() -> (tensor<8x64xf32>) {
  
  %e = arith.constant dense<0.0> : tensor<8x32xf32>
  npu.yield %e : tensor<8x32xf32>
  }
  func.return
}

// -----

// Nothing from outside is visible in it.
// CHECK: Operation using value defined out of its IsolatedFromAbove parent: YieldOp
func.func @main(%x: tensor<8x64xf32>) {
  %u = npu.undecided ins() -> (tensor<8x64xf32>) {
  
  npu.yield %x : tensor<8x64xf32>
  }
  func.return
}

// -----

// Nor in a kernel.
// CHECK: Operation using value defined out of its IsolatedFromAbove parent: SubviewOp
%zero = arith.constant 0 : index
npu.kernel @k ins() outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
  %s = memref.subview %y[%zero, 0] [8, 64] [1, 1] : memref<8x64xf32, #npu.scope<global>> to memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
}

// -----

// A stage joins a launch.
// CHECK: npu.launch: @k joins a launch, but none is before it
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<8x64xf32>) {
  %0 = npu.launch @k(%x) joins <free> : (tensor<8x64xf32>) -> tensor<8x64xf32>
  func.return
}

// -----

// It waits for what it reads, whatever its shape.
// CHECK: npu.launch: @k reads what a stage before it writes: it needs joins <barrier>
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<8x64xf32>) {
  %0 = npu.launch @k(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %1 = npu.launch @k(%x) joins <free> : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %2 = tensor.cast %0 : tensor<8x64xf32> to tensor<8x64xf32>
  %3 = npu.launch @k(%2) joins <free> : (tensor<8x64xf32>) -> tensor<8x64xf32>
  func.return
}

// -----

// An extent has a range of lengths.
// CHECK: npu.kernel: extent n0 in 0..512 has no range of lengths
npu.kernel @k ins() outs(%y: memref<?x64xf32, #npu.scope<global>>) extents(%n: n0 in 0 to 512) sizes affine_map<(d0) -> (d0)> on <vector> blocks 1 target "t" {
}

// -----

// Every dynamic dimension has a size.
// CHECK: npu.kernel: 1 sizes for the 2 dynamic dimensions of its buffers
npu.kernel @k ins(%x: memref<?x64xf32, #npu.scope<global>>) outs(%y: memref<?x64xf32, #npu.scope<global>>) extents(%n: n0 in 1 to 512) sizes affine_map<(d0) -> (d0)> on <vector> blocks 1 target "t" {
}

// -----

// No size is 0.
// CHECK: npu.kernel: a buffer can have no elements
npu.kernel @k ins() outs(%y: memref<?xf32, #npu.scope<global>>) extents(%n: n0 in 1 to 512) sizes affine_map<(d0) -> (d0 - 1)> on <vector> blocks 1 target "t" {
}

// -----

// A launch gives the extents.
// CHECK: npu.launch: 0 extents for the 1 of @k
npu.kernel @k ins(%x: memref<?xf32, #npu.scope<global>>) outs(%y: memref<?xf32, #npu.scope<global>>) extents(%n: n0 in 1 to 512) sizes affine_map<(d0) -> (d0, d0)> on <vector> blocks 1 target "t" {
}
func.func @main(%x: tensor<?xf32>) {
  %r = npu.launch @k(%x) : (tensor<?xf32>) -> tensor<?xf32>
  func.return
}
