package words

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 1023: "1,023 bytes", 1024: "1.0 kB", 1536: "1.5 kB", 10 << 10: "10 kB", 93_184: "91 kB",
		1<<20 - 1: "1.0 MB", 5 << 20: "5.0 MB", 100 << 20: "100.0 MB", 1<<30 - 1: "1.0 GB", 10 << 30: "10.0 GB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestLength(t *testing.T) {
	for s, want := range map[float64]string{
		0: "", -1: "", 0.004: "0.00 s", 0.417: "0.42 s", 9.994: "9.99 s", 9.996: "10.0 s", 12.34: "12.3 s", 59.94: "59.9 s", 59.96: "1:00",
		185.2: "3:05", 3599.4: "59:59", 3599.7: "1:00:00", 3723: "1:02:03",
	} {
		if got := Length(s); got != want {
			t.Errorf("Length(%v) = %q, want %q", s, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 2: "2 files", 999: "999 files", 1000: "1,000 files", 1_234_567: "1,234,567 files"} {
		if got := Count(n, "file", "files"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
